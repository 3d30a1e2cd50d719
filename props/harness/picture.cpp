// SPDX-License-Identifier: Apache-2.0
#include "harness/picture.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "harness/escape.h"
#include "harness/graph_labels.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

constexpr int column_width = 128;
constexpr int box_width = 104;
constexpr int box_height = 40;
constexpr int row_height = 92;
constexpr int chip_height = 17;
constexpr int line_height = 18;
constexpr int narrowest = 420;

struct Place {
    int x = 0;  // of the middle
    int y = 0;  // of the upper edge
};

std::string text_at(int x, int y, const std::string& text, const char* style = "") {
    return "<text x='" + std::to_string(x) + "' y='" + std::to_string(y) + "' class='" + style +
           "'>" + escaped(text) + "</text>";
}

std::string box_at(const Place& at, int radius) {
    return "<rect class='box' x='" + std::to_string(at.x - box_width / 2) + "' y='" +
           std::to_string(at.y) + "' width='" + std::to_string(box_width) + "' height='" +
           std::to_string(box_height) + "' rx='" + std::to_string(radius) + "'/>";
}

std::string group(const std::string& style, const std::string& id) {
    return "<g class='" + style + "' data-id='" + id + "'>";
}

std::string edge(const Place& from, const Place& to, int bow, const std::string& role) {
    const int top = from.y + box_height;
    const int middle = (top + to.y) / 2;
    const auto number = [](int value) { return std::to_string(value); };
    std::string path = "<path class='edge' marker-end='url(#arrow)' d='M" + number(from.x + bow) +
                       " " + number(top) + " C" + number(from.x + bow) + " " + number(middle) +
                       " " + number(to.x + bow) + " " + number(middle) + " " + number(to.x + bow) +
                       " " + number(to.y - 2) + "'/>";
    if (!role.empty() && role != "file") {
        path += text_at((from.x + to.x) / 2 + bow, middle + 3, role, "small role");
    }
    return path;
}

class Picture {
public:
    Picture(const ref::State& state, const EdgeRoles& roles)
        : state_(state), labels_(state, roles) {}

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
        int y = bottom_ + line_height;
        if (state_.nodes.empty() && state_.backends.empty()) {
            body += text_at(narrowest / 2, y, "no node and no backend exists");
            y += line_height;
        }
        for (const ref::Section& section : state_.sections) {
            body += group(section.live() ? "section live" : "section", to_string(section.id)) +
                    text_at(18, y, GraphLabels::line_of(section), "line") + "</g>";
            y += line_height;
        }
        return "<svg viewBox='0 0 " + std::to_string(width_) + " " + std::to_string(y) +
               "' width='" + std::to_string(width_) +
               "' style='min-width:" + std::to_string(width_ * 3 / 4) +
               "px' role='img'><defs><marker id='arrow' "
               "viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' "
               "orient='auto'><path d='M0 0 8 4 0 8z' fill='currentColor'/></marker></defs>" +
               body + "</svg>";
    }

private:
    void place() {
        std::vector<int> depth(state_.nodes.size(), 0);
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
                std::max(most_requests, static_cast<int>(labels_.requests_of(backend.id).size()));
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
        width_ =
            std::max<int>(narrowest, column(std::max(state_.nodes.size(), state_.backends.size())) -
                                         box_width / 2);
    }
    static int column(std::size_t i) { return 70 + static_cast<int>(i) * column_width; }

    [[nodiscard]] std::size_t index_of(ref::NodeId id) const {
        const auto at = std::ranges::find(state_.nodes, id, &ref::Node::id);
        return static_cast<std::size_t>(at - state_.nodes.begin());
    }

    void draw_edges(std::string& body) const {
        for (std::size_t i = 0; i < state_.edges.size(); ++i) {
            // The same child twice: side by side.
            const int bow = i != 0 && state_.edges[i] == state_.edges[i - 1] ? 12 : 0;
            body += edge(nodes_[index_of(state_.edges[i].parent)],
                         nodes_[index_of(state_.edges[i].child)], bow, labels_.role_of(i));
        }
        for (std::size_t i = 0; i < state_.backends.size(); ++i) {
            if (state_.backends[i].root) {
                body += edge(backends_[i], nodes_[index_of(state_.backends[i].root)], 0, "");
            }
        }
    }

    void draw_backend(std::string& body, const ref::Backend& backend, const Place& at) const {
        body += group(labels_.gated(backend) ? "gated" : "", to_string(backend.id));
        body += box_at(at, 18);
        body += text_at(at.x, at.y + 17, GraphLabels::name_of(backend));
        body += text_at(at.x, at.y + 31, labels_.what_is_on(backend), "small") + "</g>";
        const std::vector<const ref::Request*> requests = labels_.requests_of(backend.id);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            draw_request(body, *requests[i],
                         {at.x - 26 + static_cast<int>(i % 2) * 52,
                          at.y + box_height + 4 + static_cast<int>(i / 2) * chip_height});
        }
    }

    static void draw_request(std::string& body, const ref::Request& request, const Place& at) {
        body += group(name(request.state), to_string(request.id)) + "<title>" +
                escaped(name(request.direction) + ", " + name(request.state)) +
                "</title><rect class='chip' x='" + std::to_string(at.x - 24) + "' y='" +
                std::to_string(at.y) + "' width='48' height='14' rx='7'/>" +
                text_at(at.x, at.y + 11, to_string(request.id), "small") + "</g>";
    }

    void draw_node(std::string& body, const ref::Node& node, const Place& at) const {
        constexpr std::size_t wide = 12;
        const std::string name = GraphLabels::name_of(node);
        body += group(labels_.stopped(node) ? "stopped" : "", to_string(node.id));
        body += box_at(at, 4);
        body += text_at(at.x, at.y + 17, name, name.size() > wide ? "small" : "");
        body += text_at(at.x, at.y + 31, labels_.what_is_on(node), "small") + "</g>";
    }

    const ref::State& state_;
    const GraphLabels labels_;
    std::vector<Place> nodes_;
    std::vector<Place> backends_;
    int bottom_ = 0;
    int width_ = 0;
};

}  // namespace

std::string draw(const ref::State& state, const EdgeRoles& roles) {
    return Picture(state, roles).svg();
}

}  // namespace blkdrain_props
