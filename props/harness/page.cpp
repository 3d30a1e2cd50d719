// SPDX-License-Identifier: Apache-2.0
#include "harness/page.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "harness/escape.h"
#include "harness/text.h"

namespace blkdrain_props {

namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --ink: #1d232b; --paper: #fff; --soft: #f4f5f7; --line: #dcdfe4; --faint: #667080;
  --gate: #c9701a; --stop: #2f6fd0; --ok: #23854a; --bad: #c22f26; --turn: #8a4bc0; --client: #2f6fd0; --loop: #12857d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6ea; --paper: #15181c; --soft: #1f2429; --line: #363d45; --faint: #98a2b0;
  --gate: #e79a4c; --stop: #71a5f5; --ok: #57c184; --bad: #ff7d73; --turn: #c794f2; --client: #71a5f5; --loop: #4fc4ba; } }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; max-width: 110rem; padding: 1.2rem 1.6rem; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: .78rem; letter-spacing: .06em; text-transform: uppercase; color: var(--faint); margin: 0 0 .4rem; }
.rule { color: var(--bad); font-weight: 600; }
pre, code, table, svg, .mono { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 12.5px; }
pre { background: var(--soft); padding: .6rem .8rem; border-radius: .4rem; overflow: auto; margin: .7rem 0; }
.notes { max-height: 10rem; flex-shrink: 0; }
.again { display: flex; gap: .5rem; align-items: stretch; margin: .7rem 0 1rem; }
.again pre { flex: 1; margin: 0; min-width: 0; }
button { font: inherit; font-size: 13px; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: 0 .8rem; cursor: pointer; }
main { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: 1.6rem; }
section { min-width: 0; }
#stage { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem; min-height: 11rem; overflow-x: auto; }
input[type=range] { width: 100%; margin: .5rem 0 0; accent-color: var(--stop); }
.key { color: var(--faint); font-size: 13px; margin: .2rem 0 1.2rem; }
.key span { display: inline-block; margin-right: 1rem; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .35em; border: 2px solid; vertical-align: -.1em; }
.key i.wake { border-width: 0 0 2px 2px; border-color: var(--client); border-radius: 0 0 0 .4em; }
.program b { color: var(--turn); font-weight: 400; }
.program i { color: var(--faint); }
.story { container-type: inline-size; position: relative; padding-left: .3rem; }
#arrows { position: absolute; top: 0; left: 0; z-index: 0; max-width: none; pointer-events: none; overflow: visible; }
#arrows path { fill: none; stroke-width: 1.3; opacity: .45; }
#arrows path.near { stroke-width: 2.2; opacity: 1; }
#arrows .client { stroke: var(--client); }
#arrows .loop { stroke: var(--loop); }
#arrows marker path { fill: context-stroke; opacity: 1; }
table { --w: min(5rem, calc(46cqw / var(--lanes))); table-layout: fixed; border-collapse: collapse; width: 100%;
  background: repeating-linear-gradient(90deg, var(--line) 0 1px, transparent 1px var(--w)) no-repeat 0 0 / calc(var(--w) * var(--lanes)) 100%; }
col.lane { width: var(--w); }
th { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--line); text-align: left; font-weight: 600; padding: .1rem 0 .3rem .3rem; overflow: hidden; }
th.client { color: var(--client); }
th.loop { color: var(--loop); }
td { padding: 1px 0 1px .3rem; vertical-align: top; overflow-wrap: anywhere; }
td > span { background: var(--paper); border-radius: .25rem; padding: 0 .3rem; display: inline-block; position: relative; z-index: 1; }
tr.operation td { padding-top: .35rem; }
tr.operation td > span { font-weight: 600; color: var(--client); border: 1px solid; background: var(--soft); }
tr.event .loop::before, tr.event .client::before { content: "\25cf\00a0"; font-size: 9px; vertical-align: 1px; }
tr.event .loop::before { color: var(--loop); }
tr.event .client::before { color: var(--client); }
tr.note td { color: var(--faint); font-style: italic; }
tr.deviation td { color: var(--turn); font-size: 11.5px; line-height: 1.3; }
tr.deviation td > span::before { content: "\21aa\00a0"; }
tr.bad td > span { color: var(--bad); font-weight: 600; border: 1px solid; padding: .2rem .5rem; margin: .25rem 0; }
tr.good td > span { color: var(--ok); font-weight: 600; border: 1px solid; padding: .2rem .5rem; margin: .25rem 0; }
tr.bad ~ tr:not(.bad) td { opacity: .55; }
td div { font-family: system-ui, sans-serif; font-weight: 400; color: var(--ink); font-size: 13px; margin-top: .3rem; }
td ul { margin: .1rem 0 .2rem; padding-left: 1.2rem; }
tbody tr { cursor: pointer; }
tbody tr:hover td > span { background: var(--soft); }
tbody tr.here { outline: 2px solid var(--stop); outline-offset: -1px; }
svg { max-width: 100%; height: auto; display: block; }
svg text { fill: currentColor; text-anchor: middle; }
svg .line { text-anchor: start; }
svg .small { font-size: 10.5px; }
svg .role { fill: var(--faint); stroke: var(--paper); stroke-width: 4; paint-order: stroke; }
.box { fill: var(--paper); stroke: currentColor; stroke-width: 1.2; }
.gated .box { fill: color-mix(in srgb, var(--gate) 26%, var(--paper)); stroke: var(--gate); stroke-width: 2; }
.stopped .box { fill: color-mix(in srgb, var(--stop) 24%, var(--paper)); stroke: var(--stop); stroke-width: 2; }
.edge { stroke: currentColor; fill: none; opacity: .65; }
.chip { fill: var(--paper); stroke: var(--faint); }
.waiting .chip { stroke: var(--gate); stroke-dasharray: 3 2; }
.admitted .chip { fill: color-mix(in srgb, var(--ok) 35%, var(--paper)); stroke: var(--ok); }
.completing .chip { fill: color-mix(in srgb, var(--ok) 12%, var(--paper)); stroke: var(--ok); }
.section { opacity: .7; }
.section.live { opacity: 1; }
.about .box, .about .chip { stroke-width: 3.2; }
.about text { font-weight: 700; }
@media (min-width: 60rem) {
  body { height: 100vh; display: flex; flex-direction: column; }
  main { flex: 1; min-height: 26rem; }
  main > section { overflow: auto; height: 100%; padding-right: .3rem; }
}
@media (max-width: 59.99rem) {
  body { padding: 1rem; }
  main { grid-template-columns: minmax(0, 1fr); }
  .story { max-height: 80vh; overflow: auto; order: 1; }
  .left { display: contents; }
  .program { order: 2; }
}
@container (max-width: 34rem) { th { writing-mode: vertical-rl; padding: .2rem 0; } }
)";

// From where somebody last stood when it woke another to that one's next row: along the lines of
// their columns, and across where no text stands. Returns what is to be told of the selected row.
constexpr std::string_view arrows = R"(
const drawArrows = (rows, story) => {
  const make = name => document.createElementNS('http://www.w3.org/2000/svg', name);
  const svg = make('svg'), heads = story.querySelectorAll('th'), body = story.querySelector('tbody'), round = 4;
  svg.id = 'arrows';
  svg.innerHTML = `<marker id='tip' viewBox='0 0 6 8' refX='5' refY='4' markerWidth='6' markerHeight='8' markerUnits='userSpaceOnUse' orient='auto'><path d='M0 0L6 4L0 8z'/></marker>
    <marker id='foot' viewBox='0 0 6 6' refX='3' refY='3' markerWidth='5' markerHeight='5' markerUnits='userSpaceOnUse'><path d='M3 0a3 3 0 1 1 0 6a3 3 0 1 1 0-6z'/></marker>`;
  const laneOf = row => !/operation|event/.test(row.className) ? -1 : row.cells.length > 1 ? row.cells[0].colSpan : 0;
  const all = rows.flatMap((row, to) => {
    if (!row.dataset.from) return [];
    const lane = +row.dataset.from, before = row.dataset.rows - 1, path = make('path');
    let from = before;
    while (from >= 0 && laneOf(rows[from]) !== lane) --from;
    path.setAttribute('class', heads[lane].className);
    path.setAttribute('marker-start', 'url(#foot)');
    path.setAttribute('marker-end', 'url(#tip)');
    svg.append(path);
    return [{path, lane, before, from, to}];
  });
  const draw = () => {
    const view = story.getBoundingClientRect();
    const line = lane => heads[lane].getBoundingClientRect().left - view.left + .5;
    const down = y => y - view.top + story.scrollTop;
    const middle = row => down(rows[row].querySelector('td > span').getBoundingClientRect().top) + 10;
    const below = row => down(row < 0 ? body.getBoundingClientRect().top : rows[row].getBoundingClientRect().bottom);
    for (const {path, lane, before, from, to} of all) {
      const x = line(lane), y = from < 0 ? below(before) : middle(from), end = line(laneOf(rows[to])), row = middle(to);
      const turn = from === before ? y : below(before);
      path.setAttribute('d', `M${x} ${y}` + (x < end
        ? `V${row - round}q0 ${round} ${round} ${round}H${end + 5}`
        : (turn - y > round ? `V${turn - round}q0 ${round} ${-round} ${round}` : '') +
          `H${end + round}q${-round} 0 ${-round} ${round}V${row - round}q0 ${round} ${round + 1} ${round}`));
    }
  };
  story.append(svg);
  new ResizeObserver(draw).observe(story.querySelector('table'));
  let selected = -1, hovered = -1;
  const emphasise = () => all.forEach(({path, from, to}) =>
    path.classList.toggle('near', [from, to].some(row => row >= 0 && (row === selected || row === hovered))));
  rows.forEach((row, i) => {
    row.addEventListener('mouseenter', () => { hovered = i; emphasise(); });
    row.addEventListener('mouseleave', () => { hovered = -1; emphasise(); });
  });
  return row => { selected = row; emphasise(); };
};
)";

// The state after a row is the one that the next row with a picture meets.
constexpr std::string_view script = R"(
addEventListener('DOMContentLoaded', () => {
  const rows = [...document.querySelectorAll('tbody tr')], frames = [], after = [];
  for (const row of rows) {
    const own = row.querySelector('template');
    if (own) frames.push(own.innerHTML || frames.at(-1));
    after.push(frames.length);
  }
  const slider = document.getElementById('slider'), stage = document.getElementById('stage');
  const story = document.querySelector('.story');
  const near = drawArrows(rows, story);
  slider.max = Math.max(0, rows.length - 1);
  const show = (i, scroll) => {
    if (!rows.length) { stage.textContent = 'The run ended before anything happened.'; return; }
    i = Math.max(0, Math.min(rows.length - 1, i));
    rows.forEach((row, k) => row.classList.toggle('here', k === i));
    near(i);
    slider.value = i;
    stage.innerHTML = frames[Math.min(after[i], frames.length - 1)] || '';
    if (/event|bad/.test(rows[i].className)) {
      const named = rows[i].querySelector('td > span').textContent.match(/\b[bnrs]\d+\b/g) || [];
      for (const name of named) {
        for (const part of stage.querySelectorAll(`[data-id=${name}]`)) part.classList.add('about');
      }
      const about = stage.querySelector('.about');
      if (about) {
        const part = about.getBoundingClientRect(), view = stage.getBoundingClientRect();
        stage.scrollLeft += (part.left + part.right - view.left - view.right) / 2;
      }
    }
    if (!scroll) return;
    const row = rows[i].getBoundingClientRect(), view = story.getBoundingClientRect(), head = 40;
    if (row.top < view.top + head || row.bottom > view.bottom) {
      story.scrollTop += (row.top + row.bottom - view.top - view.bottom) / 2;
    }
  };
  rows.forEach((row, i) => row.addEventListener('click', () => show(i)));
  slider.addEventListener('input', () => show(+slider.value, true));
  addEventListener('keydown', event => {
    const step = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
    if (!step || event.target === slider) return;
    event.preventDefault();
    show(+slider.value + step, true);
  });
  const copy = document.getElementById('copy');
  copy.addEventListener('click', () => {
    navigator.clipboard.writeText(document.getElementById('command').textContent).then(() => copy.textContent = 'copied');
  });
  const bad = rows.findIndex(row => row.className === 'bad');
  show(bad < 0 ? rows.length - 1 : bad, true);
});
)";

constexpr std::array<const char*, 6> classes{"operation", "event", "note",
                                             "deviation", "bad",   "good"};

// Comments and deviations in colours of their own.
std::string coloured(std::string_view program) {
    std::string text;
    while (!program.empty()) {
        const std::size_t end = program.find('\n');
        const std::string_view line = program.substr(0, end);
        const std::string shown = escaped(line);
        text += line.starts_with('#')       ? "<i>" + shown + "</i>"
                : line.starts_with("when ") ? "<b>" + shown + "</b>"
                                            : shown;
        text += '\n';
        program.remove_prefix(end == std::string_view::npos ? program.size() : end + 1);
    }
    return text;
}

}  // namespace

std::string page_head(const PageHead& head) {
    return "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
           "content='width=device-width'><title>" +
           escaped(head.title) + "</title><style>" + std::string(style) + "</style><script>" +
           std::string(arrows) + std::string(script) + "</script></head><body>\n<h1>" +
           escaped(head.verdict) + "</h1>\n<div class='rule'>" + escaped(head.rule) +
           "</div>\n<div class='again'><pre id='command'>" + escaped(head.command) +
           "</pre><button id='copy'>copy</button></div>\n" +
           (head.notes.empty() ? "" : "<pre class='notes'>" + escaped(head.notes) + "</pre>\n") +
           "<main><section class='left'><div><h2>The graph at the selected row</h2>"
           "<div id='stage'></div>"
           "<input type='range' id='slider' min='0' value='0' aria-label='row of the time line'>"
           "<p class='key'><span><i style='border-color:var(--gate)'></i>gated</span>"
           "<span><i style='border-color:var(--stop)'></i>stopped</span>"
           "<span><i style='border-color:var(--ok)'></i>request in flight</span>"
           "<span><i style='border-color:var(--gate);border-style:dashed'></i>request "
           "waiting</span><span><i class='wake'></i>who woke whom</span><span>arrow keys: a row up "
           "or down</span><br>b1, n1: the library counts "
           "from 1</p></div>"
           "<div class='program'><h2>The program</h2><pre>" +
           coloured(head.program) +
           "</pre></div></section>\n<section class='story'><h2>What happened</h2>";
}

std::string page_end() {
    return "</tbody></table></section></main></body></html>\n";
}

PageTable::PageTable(std::function<void(const std::string&)> write, unsigned clients,
                     unsigned loops)
    : write_(std::move(write)), clients_(clients), loops_(loops) {
    const unsigned lanes = clients_ + std::max(loops_, 1U);
    std::string text = "<table style='--lanes:" + std::to_string(lanes) + "'><colgroup>";
    for (unsigned lane = 0; lane < lanes; ++lane) {
        text += "<col class='lane'>";
    }
    text += "<col></colgroup><thead><tr>";
    for (unsigned client = 0; client < clients_; ++client) {
        text += "<th class='client'>client" + std::to_string(client) + "</th>";
    }
    for (unsigned loop = 0; loop < loops_; ++loop) {
        text += "<th class='loop'>loop" + std::to_string(loop) + "</th>";
    }
    text += loops_ == 0 ? "<th class='loop'>library</th>" : "";
    write_(text + "<th></th></tr></thead><tbody>\n");
}

std::optional<unsigned> PageTable::column_of(std::uint8_t actor) const {
    if (actor >= Actor::client_first && actor < Actor::world) {
        return actor - Actor::client_first;
    }
    return actor < Actor::client_first && loops_ != 0 ? std::optional(clients_ + actor)
                                                      : std::nullopt;
}

void PageTable::woke(std::uint8_t waker, std::uint8_t woken) {
    if (woken < Actor::world) {
        wakes_[woken] = Wake{waker, rows_};
    }
}

std::string PageTable::arrow(const PageRow& row) {
    const bool ends_it = row.kind == PageRow::Kind::operation || row.kind == PageRow::Kind::event;
    if (!ends_it || row.actor >= Actor::world) {
        return {};
    }
    const std::optional<Wake> wake = std::exchange(wakes_[row.actor], std::nullopt);
    const std::optional<unsigned> from = wake ? column_of(wake->waker) : std::nullopt;
    return from ? " data-from='" + std::to_string(*from) + "' data-rows='" +
                      std::to_string(wake->rows) + "' title='woken by " +
                      name_of_actor(wake->waker) + "'"
                : "";
}

void PageTable::add(const PageRow& row) {
    std::optional<unsigned> column = column_of(row.actor);
    if (!column && loops_ == 0 && row.kind == PageRow::Kind::event) {
        column = clients_;
    }
    const unsigned columns = clients_ + std::max(loops_, 1U) + 1 - column.value_or(0);
    std::string text = "<tr class='" + std::string(classes[static_cast<std::size_t>(row.kind)]) +
                       "'" + arrow(row) + ">";
    if (column.value_or(0) != 0) {
        text += "<td colspan='" + std::to_string(*column) + "'></td>";
    }
    text += "<td colspan='" + std::to_string(columns) + "'";
    text += !column ? "" : *column < clients_ ? " class='client'" : " class='loop'";
    text += "><span>" + escaped(row.text);
    if (!row.list.empty()) {
        text += "<div>" + escaped(row.list_title) + "<ul>";
        for (const std::string& line : row.list) {
            text += "<li>" + escaped(line) + "</li>";
        }
        text += "</ul></div>";
    }
    text += "</span>";
    if (!row.picture.empty()) {
        text += "<template>" + (row.picture == last_picture_ ? "" : row.picture) + "</template>";
        last_picture_ = row.picture;
    }
    write_(text + "</td></tr>\n");
    ++rows_;
}

}  // namespace blkdrain_props
