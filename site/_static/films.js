// Films: for whoever asked for less motion they stand still until a button is pressed.
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
  for (const film of document.querySelectorAll('main :is(img[src$=".gif"], img[src*=".film."], img.film)')) {
    const still = document.createElement("canvas"), play = document.createElement("button");
    const freeze = () => {
      still.width = film.naturalWidth;
      still.height = film.naturalHeight;
      still.getContext("2d").drawImage(film, 0, 0);
      film.hidden = true;
    };
    still.className = `still ${film.className}`;
    if (film.hasAttribute("width") && !film.closest(".films")) still.style.width = `${film.getAttribute("width")}px`;
    still.setAttribute("role", "img");
    still.setAttribute("aria-label", film.alt);
    play.className = "sd-btn sd-btn-outline-primary film-play";
    play.textContent = "Play the film";
    play.onclick = () => {
      film.hidden = !film.hidden;
      still.hidden = !film.hidden;
      play.textContent = film.hidden ? "Play the film" : "Stop the film";
    };
    film.after(still, play);
    film.complete ? freeze() : film.addEventListener("load", freeze, {once: true});
  }
}
