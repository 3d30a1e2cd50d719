// SPDX-License-Identifier: Apache-2.0
#include "harness/dot.h"

#include <cstddef>
#include <string_view>

#include "harness/graph_labels.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;

namespace {

// Lines of a label; `end` of each: centred, or to the left.
std::string quoted(const std::vector<std::string>& lines, std::string_view end) {
    std::string text = "\"";
    for (const std::string& line : lines) {
        if (line.empty()) {
            continue;
        }
        for (const char c : line) {
            text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        }
        text += end;
    }
    return text + "\"";
}

std::string requests_line(const GraphLabels& labels, ref::BackendId backend) {
    std::string text;
    for (const ref::Request* request : labels.requests_of(backend)) {
        text += text.empty() ? "" : ", ";
        text += to_string(request->id) + " " + name(request->state);
    }
    return text;
}

}  // namespace

std::string to_dot(const ref::State& state, const EdgeRoles& roles) {
    const GraphLabels labels(state, roles);
    const auto box = [](const std::string& id, const std::vector<std::string>& lines,
                        std::string_view shape, std::string_view filled) {
        std::string text =
            "  " + id + " [" + std::string(shape) + ", label=" + quoted(lines, "\\n");
        return text + (filled.empty() ? "" : ", fillcolor=\"" + std::string(filled) + "\"") +
               "];\n";
    };
    std::string text =
        "digraph blkdrain {\n"
        "  node [fontname=\"monospace\", style=\"filled\", fillcolor=\"white\"];\n"
        "  edge [fontname=\"monospace\", fontsize=10];\n";
    for (const ref::Backend& backend : state.backends) {
        const bool gated = labels.gated(backend);
        text += box(
            to_string(backend.id),
            {GraphLabels::name_of(backend), (gated ? "gated: " : "") + labels.what_is_on(backend),
             requests_line(labels, backend.id)},
            "shape=box, style=\"filled,rounded\"", gated ? "#f6d7b5" : "");
    }
    for (const ref::Node& node : state.nodes) {
        const bool stopped = labels.stopped(node);
        text += box(
            to_string(node.id),
            {GraphLabels::name_of(node), (stopped ? "stopped: " : "") + labels.what_is_on(node)},
            "shape=box", stopped ? "#c7dbf7" : "");
    }
    for (const ref::Backend& backend : state.backends) {
        if (backend.root) {
            text += "  " + to_string(backend.id) + " -> " + to_string(backend.root) +
                    " [label=\"root\"];\n";
        }
    }
    for (std::size_t i = 0; i < state.edges.size(); ++i) {
        text += "  " + to_string(state.edges[i].parent) + " -> " + to_string(state.edges[i].child) +
                " [label=" + quoted({labels.role_of(i)}, "") + "];\n";
    }
    std::vector<std::string> sections;
    for (const ref::Section& section : state.sections) {
        sections.push_back(GraphLabels::line_of(section));
    }
    return text +
           "  labelloc=b; labeljust=l; fontname=\"monospace\"; label=" + quoted(sections, "\\l") +
           ";\n}\n";
}

}  // namespace blkdrain_props
