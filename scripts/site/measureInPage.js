// Runs in the page that measure.ts writes, whose frame shows the pages of the site one by one.

const SCROLLING = '.table-box, pre > code';
/** Longer words may break; scripts/site/markdown.mjs has the limit. */
const LONGEST_WHOLE_WORD = 30;

const label = (element) => `${element.tagName.toLowerCase()} ${element.textContent.trim().slice(0, 40)}`;
const scrolls = (box) => box.scrollWidth > box.clientWidth + 1;

function outside(document, width) {
  return [...document.querySelectorAll('.col-content *')].filter((element) => {
    const { right } = element.getBoundingClientRect();
    return right > width + 1 && !element.parentElement.closest(SCROLLING);
  });
}

function brokenWords(document) {
  const found = [];
  for (const code of document.querySelectorAll('.col-content :not(pre) > code')) {
    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const { index, 0: word } of texts.currentNode.data.matchAll(/\S+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, index);
        range.setEnd(texts.currentNode, index + word.length);
        const lines = new Set(
          [...range.getClientRects()].filter(({ width }) => width > 0).map(({ bottom }) => Math.round(bottom)),
        );
        if (lines.size > 1 && word.length <= LONGEST_WHOLE_WORD) found.push(word);
      }
    }
  }
  return found;
}

function navigation(document) {
  const { clientHeight, clientWidth } = document.documentElement;
  return [...document.querySelectorAll('#tsd-nav-container :is(a, summary > span)')]
    .filter((entry) => {
      const { top, right, width } = entry.getBoundingClientRect();
      const isClosed = entry.closest('details:not([open]) > .tsd-accordion-details') !== null;
      return !isClosed && width > 0 && right <= clientWidth && top > 0 && top < clientHeight;
    })
    .map((entry) => entry.textContent);
}

function measure({ contentDocument: document }) {
  const width = document.documentElement.clientWidth;
  const boxes = [...document.querySelectorAll(`.col-content :is(${SCROLLING})`)].filter(scrolls);
  const first = document.querySelector('.col-content pre > code');
  return {
    excess: document.documentElement.scrollWidth - width,
    outside: outside(document, width).map(label),
    brokenWords: brokenWords(document),
    withoutCue: boxes.filter((box) => !box.classList.contains('more')).map(label),
    scrolling: boxes.length,
    firstExampleFits: first === null || !scrolls(first),
    navigation: navigation(document),
  };
}

/** A pause of virtual time; a frame that nobody draws has no animation frames. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** TypeDoc shows a page when it has built its navigation, which the browser unpacks first. */
const isShown = ({ contentDocument: { body } }) =>
  body.style.display !== 'none' && body.querySelector('#tsd-nav-container > li') !== null;

function resize(frame, { width, height }) {
  frame.style.width = `${width}px`;
  frame.style.height = `${height}px`;
}

async function measureAll() {
  const frame = document.querySelector('iframe');
  const { pages, sizes } = JSON.parse(document.querySelector('#asked').textContent);
  const measures = sizes.map(() => []);
  for (const { page, url } of pages) {
    localStorage.clear(); // each page as a reader sees it who comes for the first time
    frame.src = url;
    await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    while (!isShown(frame)) await pause();
    for (const [i, size] of sizes.entries()) {
      resize(frame, size);
      // Sizes are observed when a page is drawn, which no page is here: more.js looks again when a box is scrolled.
      for (const box of frame.contentDocument.querySelectorAll(SCROLLING)) box.dispatchEvent(new Event('scroll'));
      measures[i].push({ page, ...measure(frame) });
    }
  }
  const result = document.createElement('script');
  result.type = 'application/json';
  result.id = 'measures';
  result.textContent = JSON.stringify(measures).replaceAll('<', '\\u003c');
  document.head.append(result);
}

measureAll();
