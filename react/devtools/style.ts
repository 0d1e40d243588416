/** The panel's styles. They hold in its shadow root alone, and nothing of the page's reaches there. */
export const css = /* css */ `
:host { all: initial; display: contents;
  --paper: light-dark(#fff, #18191b); --raised: light-dark(#f3f4f6, #232528); --ink: light-dark(#1c2024, #edeef0); --faint: light-dark(#60646c, #a3a8b1);
  --line: light-dark(#d9d9e0, #363a3f); --accent: light-dark(#5753c6, #b1a9ff); --flash: light-dark(#ffe770, #6e5a00);
  --good: light-dark(#2b9a66, #3dd68c); --bad: light-dark(#ce2c31, #ff9592); --soso: light-dark(#ab6400, #ffca16) }
@media print { :host { display: none } }
.open, .panel { all: initial; color-scheme: light dark; position: fixed; z-index: 2147483647; box-sizing: border-box; font: 12px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
:where(.open, .panel) * { box-sizing: border-box; font: inherit; color: inherit }
ul, p, dl, dd, fieldset, table { margin: 0; padding: 0 }
button { background: none; border: 1px solid var(--line); border-radius: 4px; padding: 1px 6px; cursor: pointer }
button:hover { background: var(--raised) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
.open { bottom: 12px; padding: 4px 10px; border: 1px solid var(--line); border-radius: 999px; box-shadow: 0 1px 4px #0003; white-space: nowrap; cursor: pointer }
.open[data-corner="right"] { right: 12px }
.open[data-corner="left"] { left: 12px }
.dot { display: inline-block; width: 8px; height: 8px; margin-right: 4px; border-radius: 50%; background: var(--bad) }
.dot[data-status="online"] { background: var(--good) }
.dot[data-status="reconnecting"] { background: var(--soso) }
.panel { inset: auto 0 0 0; max-height: calc(100vh - 40px); display: flex; flex-direction: column; border-top: 1px solid var(--line); box-shadow: 0 -2px 12px #0002 }
.resizer { position: absolute; inset: -4px 0 auto 0; height: 8px; cursor: ns-resize; touch-action: none }
header { display: flex; align-items: center; gap: 12px; padding: 6px 12px; border-bottom: 1px solid var(--line); background: var(--raised) }
[role="tablist"] { display: flex; gap: 4px; flex: 1 }
[role="tab"] { border-color: transparent; padding: 2px 10px }
[role="tab"][aria-selected="true"] { border-color: var(--line); background: var(--paper) }
.tab { overflow: auto; flex: 1; padding: 8px 12px; outline: none }
.about { color: var(--faint) }
.about > * { margin-left: 12px }
.empty { color: var(--faint); padding: 8px 0 }
.bar { padding-bottom: 8px }
.error { color: var(--bad) }
.tree, .tree ul { list-style: none; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
.tree ul { padding-left: 16px }
.leaf { padding-left: 14px }
.opener { border: 0; padding: 0; text-align: left; font-family: ui-monospace, monospace }
.opener::before { content: ""; display: inline-block; margin: 0 6px 0 2px; border: 4px solid transparent; border-width: 4px 0 4px 6px; border-left-color: var(--faint) }
.opener[aria-expanded="true"]::before { transform: rotate(90deg) }
.name { color: var(--accent) }
strong { font-weight: 600 }
[data-kind="string"] { color: var(--good) }
[data-kind="number"], [data-kind="bigint"], [data-kind="boolean"] { color: var(--soso) }
[data-kind="undefined"], [data-kind="null"] { color: var(--faint) }
.changed { animation: changed 1.2s ease-out }
@keyframes changed { from { background: var(--flash) } }
@media (prefers-reduced-motion: reduce) { .changed { animation-timing-function: step-end } }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 600; color: var(--faint); position: sticky; top: -8px; background: var(--paper) }
th, td { padding: 2px 12px 2px 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap }
.args { font-family: ui-monospace, monospace; max-width: 320px; overflow: hidden; text-overflow: ellipsis }
.figure { font-variant-numeric: tabular-nums }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; padding-bottom: 8px }
dt { color: var(--faint) }
fieldset { border: 1px solid var(--line); border-radius: 4px; padding: 6px 12px; margin-bottom: 12px; display: flex; flex-wrap: wrap; gap: 4px 24px }
legend { color: var(--faint); padding: 0 4px }
input[type="number"] { width: 64px; border: 1px solid var(--line); border-radius: 4px; background: var(--paper); padding: 0 4px }
input[type="checkbox"] { accent-color: var(--accent); vertical-align: -2px }
`;
