// Marks what scrolls and has more to its right, so that style.css can fade its edge: phones show no scroll bars.
const boxes = document.querySelectorAll('.table-box, .tsd-typography pre > code, .tsd-comment pre > code');

function mark(box) {
  box.classList.toggle('more', box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) mark(target);
});
for (const box of boxes) {
  box.addEventListener('scroll', () => mark(box), { passive: true });
  sizes.observe(box);
}
