// What is wider than its place is moved sideways, and shows that: "wide" puts a sign to it, "more" lets it fade out where
// it goes on.
function look({target}) {
  const hidden = target.scrollWidth - target.clientWidth;
  target.classList.toggle("wide", hidden > 1);
  target.classList.toggle("more", hidden - target.scrollLeft > 1);
  if (hidden > 1) target.tabIndex = 0;  // for who has keys alone
}

const sizes = new ResizeObserver(parts => parts.forEach(look));
for (const part of document.querySelectorAll("main :is(pre, .drawn, figure, figure input + div, .pst-scrollable-table-container)")) {
  sizes.observe(part);
  part.addEventListener("scroll", look, {passive: true});
}
