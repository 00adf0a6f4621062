// A frame with the explorer is as high as its page, which tells it, and hears in return how much of it is above the
// window, for what has to stay in sight.
const explorers = [...document.querySelectorAll("main iframe[data-src]")];

function tell(frame) {
  const under = document.querySelector(".bd-header-article")?.getBoundingClientRect().bottom ?? 0;
  const above = Math.max(0, Math.round(under - frame.getBoundingClientRect().top));
  frame.contentWindow?.postMessage({above}, "*");
}

addEventListener("message", ({source, data}) => {
  const frame = explorers.find(one => one.contentWindow === source);
  if (!frame || !(data?.height > 0)) return;
  frame.style.height = `${Number(data.height)}px`;
  tell(frame);
});
if (explorers.length) addEventListener("scroll", () => explorers.filter(one => one.src).forEach(tell), {passive: true});
