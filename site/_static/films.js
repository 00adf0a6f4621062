// Films: whoever asked for less motion sees the last picture of each, until a button is pressed.
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
  for (const film of document.querySelectorAll('main :is(img[src$=".gif"], img[src*=".film."], img.film)')) {
    const still = film.cloneNode(), play = document.createElement("button");
    still.src = film.src.replace(/\.\w+$/, ".still.webp");
    film.hidden = true;
    play.className = "sd-btn sd-btn-outline-primary film-play";
    play.textContent = "Play the film";
    play.onclick = () => {
      film.hidden = !film.hidden;
      still.hidden = !film.hidden;
      play.textContent = film.hidden ? "Play the film" : "Stop the film";
    };
    film.after(still, play);
  }
}
