/** The page's style: system fonts, no network, light and dark, one column on a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1c2430; --dim: #5b6675; --line: #e3e7ec;
  --ours: #0d7d74; --loss: #c2352b; --peer: #b7791f; --good: #0d7d74;
  --onnxruntime: #2b62c4; --pytorch: #b7791f; --tfjs: #8a4fc7;
  --machine-0: #0d7d74; --machine-1: #b7791f; --machine-2: #2b62c4; --machine-3: #8a4fc7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2029; --text: #e6eaf0; --dim: #97a3b3; --line: #2c3542;
    --ours: #35c9b9; --loss: #ff7b6e; --peer: #e5b15c; --good: #35c9b9;
    --onnxruntime: #7fb0ff; --pytorch: #e5b15c; --tfjs: #c79bff;
    --machine-0: #35c9b9; --machine-1: #e5b15c; --machine-2: #7fb0ff; --machine-3: #c79bff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 1100px; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .4rem; }
h3 { font-size: .95rem; margin: 0 0 .3rem; }
.scroll + h3 { margin-top: 1.4rem; }
h4 { font-size: .85rem; margin: 1rem 0 .2rem; }
.old { font-size: .75rem; font-weight: 600; color: var(--loss); border: 1px solid; border-radius: 6px; padding: 0 .4em; margin-left: .4em; }
.plain { list-style: none; margin: 0; padding: 0; font-size: .85rem; }
p { margin: .3rem 0 1rem; max-width: 70ch; }
.dim, figcaption, td.dim { color: var(--dim); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1rem; }
.grid { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); }
a { color: inherit; }
figure { margin: 0; }
figcaption { font-size: .85rem; margin-top: .4rem; }
svg { display: block; width: 100%; height: auto; max-width: 100%; overflow: visible; --plot-background: var(--card); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .8rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .45rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
th { color: var(--dim); font-weight: 600; white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child, .left { text-align: left !important; }
.key span { white-space: nowrap; margin-right: 1.1em; }
.key .glyph { width: auto; height: auto; font-style: normal; vertical-align: 0; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; vertical-align: -.05em; margin: 0 .35em 0 0; }
.ok { color: var(--good); } .bad { color: var(--loss); } 
.bars { list-style: none; margin: 0 0 1.1rem; padding: 0; font-size: .9rem; }
.bars li { display: grid; grid-template-columns: 4.4rem 1fr; padding: .35rem 0; border-top: 1px solid var(--line); }
@media (max-width: 640px) { th:first-child, td:first-child { white-space: normal; min-width: 7rem; } body { padding: 1.2rem .8rem 3rem; } .card { padding: .7rem; } h1 { font-size: 1.5rem; } }
`;
