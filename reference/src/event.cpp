// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/event.h>

namespace blkdrain_ref {
namespace {

// In the order of Event::Kind. Objects: those that must exist, and (capitals) those that come into
// being; n node, o other, b backend, r request, t token, s section, d wait.
struct Row {
    const char* name;
    int rule;
    const char* objects;
};
constexpr Row rows[] = {{"node_new", 24, "N"},
                        {"backend_new", 24, "B"},
                        {"listen", 9, "b"},
                        {"send", 3, "Rb"},
                        {"token_request", 4, "T"},
                        {"token_close", 4, "t"},
                        {"drain", 10, "Db"},
                        {"quiet_wait", 7, "Ds"},
                        {"internal_start", 21, "n"},
                        {"begin", 5, "S"},
                        {"end", 5, "s"},
                        {"abandon", 25, ""},
                        {"settle", 19, "Sn"},
                        {"change", 24, "S"},
                        {"context", 28, "Sn"},
                        {"close_backend", 27, "Sb"},
                        {"close_node", 27, "Sn"},
                        {"complete", 3, "r"},
                        {"settle_done", 21, "n"},
                        {"internal_end", 22, "n"},
                        {"admit", 18, "r"},
                        {"done", 3, "r"},
                        {"token_open", 4, "t"},
                        {"token_fail", 4, "t"},
                        {"effective", 7, "s"},
                        {"idle", 20, "s"},
                        {"drain_done", 10, "d"},
                        {"quiet_done", 7, "d"},
                        {"notify", 9, "b"},
                        {"settle_start", 20, "ns"},
                        {"node_closed", 27, "ns"},
                        {"finish", 24, "s"},
                        {"release", 25, "s"}};
static_assert(sizeof(rows) / sizeof(rows[0]) == Event::kinds);

constexpr const char* begin_objects[] = {"Sb", "Sn", "S", "Sb"};  // by SectionKind
constexpr const char* change_objects[] = {"Sno", "Sn",  "Sno", "Sbo",
                                          "Sb",  "Sno", "Sn"};  // by ChangeOp

}  // namespace

const char* name(Event::Kind kind) {
    return rows[static_cast<int>(kind)].name;
}

int rule(Event::Kind kind) {
    return rows[static_cast<int>(kind)].rule;
}

const char* objects(const Event& event) {
    switch (event.kind) {
        case Event::Kind::begin:
            return event.section_kind < SectionKind::change
                       ? begin_objects[static_cast<int>(event.section_kind)]
                       : "S";
        case Event::Kind::change:
            return change_objects[static_cast<int>(event.op)];
        case Event::Kind::abandon:
            return event.section ? "s" : event.wait ? "d" : "t";
        default:
            return rows[static_cast<int>(event.kind)].objects;
    }
}

}  // namespace blkdrain_ref
