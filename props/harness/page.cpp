// SPDX-License-Identifier: Apache-2.0
#include "harness/page.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <blkdrain_ref/view.h>

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

constexpr unsigned clients_shown = 3;

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --gate: #d9822b; --stop: #3b7dd8; --ok: #2e9e5b; --bad: #c8322b; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 78rem; padding: 1.5rem; }
h1 { font-size: 1.35rem; margin: 0 0 .3rem; }
.rule { color: var(--bad); font-weight: 600; }
pre, code, td { font-family: ui-monospace, monospace; font-size: 13px; }
pre { background: var(--soft); padding: .7rem .9rem; border-radius: .4rem; overflow-x: auto; margin: .4rem 0; }
h2 { font-size: 1rem; margin: 1.3rem 0 .3rem; }
main { display: grid; grid-template-columns: minmax(24rem, 1fr) minmax(22rem, 1fr); gap: 1.5rem; align-items: start; }
#picture { position: sticky; top: 1rem; }
#stage { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem; min-height: 12rem; overflow-x: auto; }
input[type=range] { width: 100%; margin: .6rem 0 0; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; font-size: 13px; }
td, th { padding: .1rem .5rem; vertical-align: top; }
tr.event td { opacity: .75; }
tr.operation td { border-top: 1px solid var(--line); font-weight: 600; }
tr.note td { font-style: italic; opacity: .75; }
tr.bad td { color: var(--bad); font-weight: 600; }
tr.good td { color: var(--ok); font-weight: 600; }
tbody tr { cursor: pointer; }
tbody tr:hover { background: var(--soft); }
tr.here { outline: 2px solid var(--stop); outline-offset: -1px; }
svg { max-width: 100%; height: auto; font: 12px ui-monospace, monospace; }
svg text { fill: currentColor; }
.box { fill: Canvas; stroke: currentColor; stroke-width: 1.2; }
.gated .box { fill: color-mix(in srgb, var(--gate) 30%, Canvas); stroke: var(--gate); stroke-width: 2; }
.stopped .box { fill: color-mix(in srgb, var(--stop) 25%, Canvas); stroke: var(--stop); stroke-width: 2; }
.edge { stroke: currentColor; fill: none; opacity: .7; }
.small { font-size: 10.5px; }
.chip { fill: Canvas; stroke: var(--line); }
.waiting .chip { stroke: var(--gate); stroke-dasharray: 3 2; }
.admitted .chip { fill: color-mix(in srgb, var(--ok) 35%, Canvas); stroke: var(--ok); }
.completing .chip { fill: color-mix(in srgb, var(--ok) 12%, Canvas); stroke: var(--ok); }
.key span { display: inline-block; margin-right: 1rem; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: .2em; margin-right: .3em; border: 2px solid; vertical-align: -.1em; }
@media (max-width: 60rem) { main { grid-template-columns: 1fr; } #picture { position: static; } }
)";

// The state after a row is the one that the next event meets.
constexpr std::string_view script = R"(
addEventListener('DOMContentLoaded', () => {
  const rows = [...document.querySelectorAll('tbody tr')], frames = [], after = [];
  for (const row of rows) {
    const own = row.querySelector('template');
    if (own) frames.push(own.innerHTML);
    after.push(frames.length);
  }
  const slider = document.getElementById('slider'), stage = document.getElementById('stage');
  slider.max = Math.max(0, rows.length - 1);
  const show = (i, scroll) => {
    if (!rows.length) return;
    i = Math.max(0, Math.min(rows.length - 1, i));
    rows.forEach((row, k) => row.classList.toggle('here', k === i));
    slider.value = i;
    stage.innerHTML = frames[Math.min(after[i], frames.length - 1)] || '';
    if (scroll) rows[i].scrollIntoView({block: 'nearest'});
  };
  rows.forEach((row, i) => row.addEventListener('click', () => show(i)));
  slider.addEventListener('input', () => show(+slider.value, true));
  addEventListener('keydown', event => {
    const step = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
    if (!step || event.target === slider) return;
    event.preventDefault();
    show(+slider.value + step, true);
  });
  show(rows.length - 1);
});
)";

// ---- The picture

constexpr int column_width = 128;
constexpr int box_width = 104;
constexpr int box_height = 40;
constexpr int row_height = 92;
constexpr int chip_height = 17;

struct Place {
    int x = 0;  // of the middle
    int y = 0;  // of the upper edge
};

std::string text_at(int x, int y, const std::string& text, bool small = false) {
    return "<text x='" + std::to_string(x) + "' y='" + std::to_string(y) +
           "' text-anchor='middle'" + (small ? " class='small'>" : ">") + escaped(text) + "</text>";
}

std::string box_at(const Place& at, int radius) {
    return "<rect class='box' x='" + std::to_string(at.x - box_width / 2) + "' y='" +
           std::to_string(at.y) + "' width='" + std::to_string(box_width) + "' height='" +
           std::to_string(box_height) + "' rx='" + std::to_string(radius) + "'/>";
}

std::string edge(const Place& from, const Place& to, int bow) {
    const int top = from.y + box_height;
    const int middle = (top + to.y) / 2;
    const auto number = [](int value) { return std::to_string(value); };
    return "<path class='edge' marker-end='url(#arrow)' d='M" + number(from.x + bow) + " " +
           number(top) + " C" + number(from.x + bow) + " " + number(middle) + " " +
           number(to.x + bow) + " " + number(middle) + " " + number(to.x + bow) + " " +
           number(to.y - 2) + "'/>";
}

class Picture {
public:
    explicit Picture(const ref::State& state) : state_(state), view_(state) {}

    std::string svg() {
        place();
        std::string body;
        draw_edges(body);
        for (std::size_t i = 0; i < state_.backends.size(); ++i) {
            draw_backend(body, state_.backends[i], backends_[i]);
        }
        for (std::size_t i = 0; i < state_.nodes.size(); ++i) {
            draw_node(body, state_.nodes[i], nodes_[i]);
        }
        int y = bottom_ + 18;
        for (const ref::Section& section : state_.sections) {
            body += "<text x='6' y='" + std::to_string(y) + "'>" +
                    escaped(ref::to_string(static_cast<const ref::Event&>(section)) + " — " +
                            (section.abandoned ? "given up, " : "") + name(section.phase)) +
                    "</text>";
            y += 18;
        }
        return "<svg viewBox='0 0 " + std::to_string(width_) + " " + std::to_string(y) +
               "' width='" + std::to_string(width_) +
               "' role='img'><defs><marker id='arrow' "
               "viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' "
               "orient='auto'><path d='M0 0 8 4 0 8z' fill='currentColor'/></marker></defs>" +
               body + "</svg>";
    }

private:
    void place() {
        std::vector<int> depth(state_.nodes.size(), 0);
        const auto index_of = [&](ref::NodeId id) {
            const auto at = std::ranges::find(state_.nodes, id, &ref::Node::id);
            return static_cast<std::size_t>(at - state_.nodes.begin());
        };
        // Longest ways from above; the graph has no circle, so each round settles one more level.
        for (std::size_t round = 0; round < state_.nodes.size(); ++round) {
            for (const ref::Edge& edge : state_.edges) {
                int& below = depth[index_of(edge.child)];
                below = std::max(below, depth[index_of(edge.parent)] + 1);
            }
        }
        int deepest = 0;
        int most_requests = 0;
        for (const ref::Backend& backend : state_.backends) {
            most_requests =
                std::max(most_requests, static_cast<int>(requests_of(backend.id).size()));
        }
        const int top = 8;
        const int nodes_top = state_.backends.empty()
                                  ? top
                                  : top + row_height + ((most_requests + 1) / 2) * chip_height;
        for (std::size_t i = 0; i < state_.nodes.size(); ++i) {
            deepest = std::max(deepest, depth[i]);
            nodes_.push_back({column(i), nodes_top + depth[i] * row_height});
        }
        for (std::size_t i = 0; i < state_.backends.size(); ++i) {
            backends_.push_back({column(i), top});
        }
        bottom_ = nodes_top + (state_.nodes.empty() ? 0 : deepest * row_height + box_height + 16);
        width_ = std::max<int>(
            460, column(std::max(state_.nodes.size(), state_.backends.size())) - box_width / 2);
    }
    static int column(std::size_t i) { return 70 + static_cast<int>(i) * column_width; }

    [[nodiscard]] std::vector<const ref::Request*> requests_of(ref::BackendId backend) const {
        std::vector<const ref::Request*> found;
        for (const ref::Request& request : state_.requests) {
            if (request.backend == backend) {
                found.push_back(&request);
            }
        }
        return found;
    }

    // "s3 s5": the live sections that cover it.
    template <class Covers>
    std::string sections_over(Covers covers) const {
        std::string text;
        for (const ref::Section& section : state_.sections) {
            if (section.live() && covers(view_.of(section).scope)) {
                text += (text.empty() ? "" : " ") + to_string(section.id);
            }
        }
        return text;
    }

    void draw_edges(std::string& body) const {
        const auto place_of = [&](ref::NodeId id) {
            const auto at = std::ranges::find(state_.nodes, id, &ref::Node::id);
            return nodes_[static_cast<std::size_t>(at - state_.nodes.begin())];
        };
        for (std::size_t i = 0; i < state_.edges.size(); ++i) {
            // The same child twice: side by side.
            const int bow = i != 0 && state_.edges[i] == state_.edges[i - 1] ? 12 : 0;
            body += edge(place_of(state_.edges[i].parent), place_of(state_.edges[i].child), bow);
        }
        for (std::size_t i = 0; i < state_.backends.size(); ++i) {
            if (state_.backends[i].root) {
                body += edge(backends_[i], place_of(state_.backends[i].root), 0);
            }
        }
    }

    void draw_backend(std::string& body, const ref::Backend& backend, const Place& at) const {
        const bool gated = view_.covered().backends.contains(backend.id);
        body += gated ? "<g class='gated'>" : "<g>";
        body += box_at(at, 18);
        body += text_at(at.x, at.y + 17, to_string(backend.id) + "  " + to_string(backend.loop));
        std::string line = sections_over(
            [&](const ref::Scope& scope) { return scope.backends.contains(backend.id); });
        for (const ref::Token& token : state_.tokens) {
            if (token.backends.contains(backend.id)) {
                line += (line.empty() ? "" : " ") + to_string(token.id) + (token.open ? "" : "?");
            }
        }
        body += text_at(at.x, at.y + 31, line, true);
        const std::vector<const ref::Request*> requests = requests_of(backend.id);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            draw_request(body, *requests[i],
                         {at.x - 26 + static_cast<int>(i % 2) * 52,
                          at.y + box_height + 4 + static_cast<int>(i / 2) * chip_height});
        }
        body += "</g>";
    }

    static void draw_request(std::string& body, const ref::Request& request, const Place& at) {
        body += "<g class='" + name(request.state) + "'><title>" +
                escaped(name(request.direction) + ", " + name(request.state)) +
                "</title><rect class='chip' x='" + std::to_string(at.x - 24) + "' y='" +
                std::to_string(at.y) + "' width='48' height='14' rx='7'/>" +
                text_at(at.x, at.y + 11, to_string(request.id), true) + "</g>";
    }

    void draw_node(std::string& body, const ref::Node& node, const Place& at) const {
        const bool stopped = view_.covered().nodes.contains(node.id);
        body += stopped ? "<g class='stopped'>" : "<g>";
        body += box_at(at, 4);
        std::string first = to_string(node.id) + "  " + to_string(node.loop);
        first += node.settle == ref::Settle::running  ? "  settling"
                 : node.settle == ref::Settle::done   ? "  settled"
                 : node.settle == ref::Settle::failed ? "  failed"
                                                      : "";
        body += text_at(at.x, at.y + 17, first, first.size() > 12);
        std::string second =
            sections_over([&](const ref::Scope& scope) { return scope.nodes.contains(node.id); });
        if (node.internal != 0) {
            second += (second.empty() ? "" : ", ") + std::to_string(node.internal) + " internal";
        }
        body += text_at(at.x, at.y + 31, second, true) + "</g>";
    }

    const ref::State& state_;
    const ref::View view_;
    std::vector<Place> nodes_;
    std::vector<Place> backends_;
    int bottom_ = 0;
    int width_ = 0;
};

std::string cell(const std::string& text) {
    return "<td>" + escaped(text) + "</td>";
}

}  // namespace

std::string draw(const ref::State& state) {
    return Picture(state).svg();
}

std::string page_head(const PageHead& head) {
    std::string text =
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
        "content='width=device-width'><title>" +
        escaped(head.title) + "</title><style>" + std::string(style) + "</style><script>" +
        std::string(script) + "</script></head><body>\n<h1>" + escaped(head.verdict) +
        "</h1>\n<div class='rule'>" + escaped(head.rule) + "</div>\n<h2>Run it again</h2><pre>" +
        escaped(head.command) + "</pre>\n";
    if (!head.notes.empty()) {
        text += "<pre>" + escaped(head.notes) + "</pre>\n";
    }
    text +=
        "<main><div id='picture'><h2>The graph</h2><div id='stage'></div>"
        "<input type='range' id='slider' min='0' value='0' aria-label='row of the time line'>"
        "<p class='key'><span><i style='border-color:var(--gate)'></i>gated</span>"
        "<span><i style='border-color:var(--stop)'></i>stopped</span>"
        "<span><i style='border-color:var(--ok)'></i>request in flight</span>"
        "<span>arrow keys: a row up or down</span></p><h2>The program</h2><pre>" +
        escaped(head.program) + "</pre></div>\n<div><h2>What happened</h2><table><thead><tr>";
    for (unsigned client = 0; client < clients_shown; ++client) {
        text += "<th>client " + std::to_string(client) + "</th>";
    }
    return text + "<th>the library</th></tr></thead><tbody>\n";
}

std::string page_end() {
    return "</tbody></table></div></main></body></html>\n";
}

void PageRows::row(const char* kind, const std::string& cells, const std::string& frame) {
    write_(std::string("<tr class='") + kind + "'>" + cells +
           (frame.empty() ? "" : "<td hidden><template>" + frame + "</template></td>") + "</tr>\n");
}

void PageRows::operation(unsigned client, const std::string& text) {
    const unsigned column = std::min(client, clients_shown - 1);
    row("operation",
        "<td colspan='" + std::to_string(column + 1) +
            "' style='padding-left:" + std::to_string(column * 3) + ".5rem'>" + escaped(text) +
            "</td><td colspan='" + std::to_string(clients_shown - column) + "'></td>",
        {});
}

void PageRows::event(const ref::Event& event, const ref::State& before) {
    row("event",
        "<td colspan='" + std::to_string(clients_shown) + "'></td>" + cell(ref::to_string(event)),
        draw(before));
}

void PageRows::note(const std::string& text) {
    row("note", "<td colspan='" + std::to_string(clients_shown) + "'></td>" + cell(text), {});
}

void PageRows::verdict(const std::string& text, bool violation, const ref::State& last) {
    row(violation ? "bad" : "good",
        "<td colspan='" + std::to_string(clients_shown + 1) + "'>" + escaped(text) + "</td>",
        draw(last));
}

}  // namespace blkdrain_props
