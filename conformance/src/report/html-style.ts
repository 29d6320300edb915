// The style of the page. Colours of outcomes have a word beside them everywhere: nothing is told by colour alone.

export const pageStyle: string = `
:root{--bg:#fbfbfa;--fg:#1d1f21;--dim:#61666c;--line:#dddfe1;--box:#fff;--good:#1a7f4b;--bad:#c02f36;--warn:#96690a;--idle:#8b9198;--accent:#2b62c4;--code:#f1f2f3}
@media (prefers-color-scheme:dark){:root{--bg:#15171a;--fg:#e6e7e9;--dim:#9aa1a9;--line:#31353a;--box:#1c1f23;--good:#4cc38a;--bad:#ff7b80;--warn:#e0b04a;--idle:#7d848c;--accent:#8ab4ff;--code:#24282d}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2rem 0 .6rem}h2 small,.verdict small,small{font-weight:400;color:var(--dim)}h3{font-size:.9rem;margin:1rem 0 .3rem}
code,pre{font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace}
header{border:1px solid var(--line);border-left:6px solid var(--idle);background:var(--box);border-radius:6px;padding:1rem 1.2rem}
header.conformant{border-left-color:var(--good)}header.non_conformant{border-left-color:var(--bad)}header.incomplete{border-left-color:var(--warn)}
.verdict{font-size:1.7rem;font-weight:700;margin:0;letter-spacing:.01em}
.conformant .verdict{color:var(--good)}.non_conformant .verdict{color:var(--bad)}.incomplete .verdict{color:var(--warn)}
ul{list-style:none;padding:0;margin:0}
.figures{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:.2rem 0 .8rem}.figures b{font-size:1.1rem}
header dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.3rem 1rem;margin:0}
header dt{color:var(--dim);font-size:.8rem}header dd{margin:0}
.note{margin:.6rem 0 0;padding-left:.7rem;border-left:3px solid var(--warn);color:var(--dim)}
details{border:1px solid var(--line);background:var(--box);border-radius:5px;margin:.3rem 0;padding:.45rem .7rem}
summary{cursor:pointer}summary span{color:var(--dim)}summary:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
b.PASS{color:var(--good)}b.FAIL,b.ERROR{color:var(--bad)}b.WARN,b.FLAKY{color:var(--warn)}b.NOT_APPLICABLE,b.NOT_TESTABLE{color:var(--idle)}
summary b,li b{font-size:.78rem}
blockquote{margin:.7rem 0;padding:.1rem 0 .1rem .8rem;border-left:3px solid var(--line)}cite{display:block;color:var(--dim);font-style:normal;font-size:.85rem}
pre{background:var(--code);border-radius:4px;padding:.6rem .8rem;margin:.6rem 0;white-space:pre-wrap}
.command{position:relative;padding-right:4.5rem}.command button{position:absolute;top:.4rem;right:.4rem;font:inherit;color:var(--fg);background:var(--box);border:1px solid var(--line);border-radius:4px;padding:.1rem .6rem;cursor:pointer}
.difference{display:grid;grid-template-columns:5.5rem 1fr;gap:.2rem .6rem;margin:.6rem 0}.difference dt{color:var(--dim)}.difference dd{margin:0}
dd.expected,dd.got{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace}dd.expected{color:var(--good)}dd.got{color:var(--bad)}
.coverage li{display:grid;grid-template-columns:minmax(9rem,17rem) 1fr 2.5rem;gap:.8rem;align-items:center;padding:.12rem 0;font-size:.9rem}
.bar{display:flex;height:.7rem;border-radius:3px;overflow:hidden;gap:1px;background:var(--line)}.n{text-align:right;color:var(--dim)}
i.PASS{background:var(--good)}i.FAIL,i.ERROR{background:var(--bad)}i.WARN,i.FLAKY{background:var(--warn)}i.NOT_TESTABLE{background:repeating-linear-gradient(45deg,var(--idle) 0 3px,transparent 3px 6px)}i.NOT_APPLICABLE{background:var(--line)}
.filters{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin-bottom:.6rem}.filters[hidden]{display:none}
.filters input[type=search]{flex:1 1 14rem;min-width:0}.filters input[type=search],select{font:inherit;color:var(--fg);background:var(--box);border:1px solid var(--line);border-radius:4px;padding:.3rem .5rem}
fieldset{border:0;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:.1rem .8rem}legend{float:left;margin-right:.8rem;color:var(--dim)}output{color:var(--dim)}
.lanes{display:flex;justify-content:space-between;font-weight:600;font-size:.8rem;border-bottom:1px solid var(--line);padding:0 .3rem}
.sequence{list-style:none;margin:0;padding:.4rem 0;border:solid var(--line);border-width:0 2px}
.sequence li{position:relative;padding:.25rem 1.4rem .3rem;font-size:.85rem;border-bottom:1px dotted var(--line)}
.sequence time{color:var(--dim);font-size:.75rem;margin-right:.7rem}.sequence code{display:block;color:var(--dim);max-height:9rem;overflow:auto}
.sequence .label{font-weight:600}
.sequence .sent::after,.sequence .received::before{position:absolute;top:.2rem;font-weight:700;color:var(--accent)}
.sequence .sent::after{content:"→";right:.2rem}.sequence .received::before{content:"←";left:.2rem}.sequence .received{background:color-mix(in srgb,var(--accent) 6%,transparent)}
.sequence .local .label{font-weight:400;font-style:italic}
footer{margin:2.5rem 0 1rem;color:var(--dim);font-size:.8rem}
@media (max-width:34rem){body{padding:.6rem}.coverage li{grid-template-columns:1fr 2.2rem}.coverage .bar{grid-column:1/-1;grid-row:2}.difference{grid-template-columns:1fr}}
@media print{.filters,.command button{display:none}details{break-inside:avoid}}
`;
