// SPDX-License-Identifier: Apache-2.0
#include "check/evaluator.h"

#include <cerrno>
#include <cstdlib>

#include <unistd.h>

namespace blkdrain_props {

bool Evaluator::send(const std::string& text) const {
    std::size_t sent = 0;
    while (sent < text.size()) {
        const ssize_t count = write(worker_.in(), text.data() + sent, text.size() - sent);
        if (count <= 0) {
            if (count < 0 && errno == EINTR) {
                continue;
            }
            return false;
        }
        sent += static_cast<std::size_t>(count);
    }
    return true;
}

std::optional<std::string> Evaluator::answer() const {
    std::string line;
    for (;;) {
        char byte = 0;
        const ssize_t count = read(worker_.out(), &byte, 1);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return std::nullopt;
        }
        if (byte == '\n') {
            return line;
        }
        line += byte;
    }
}

std::optional<Violation> Evaluator::judge(const std::string& text) {
    if (!worker_.running()) {
        std::vector<std::string> command = command_;
        command.insert(command.end(), {"serve", std::to_string(repeat_)});
        if (!canary_.empty()) {
            command.push_back(canary_);
        }
        Child::Options options;
        options.pipes = true;
        if (!worker_.start(command, options)) {
            return std::nullopt;
        }
    }
    std::optional<std::string> line;
    if (send(std::to_string(text.size()) + "\n" + text)) {
        line = answer();
    }
    if (!line) {
        const std::optional<int> status = worker_.ended(true);
        const std::string complaint = worker_.complaint();
        Violation crash;
        crash.detector = "crash";
        crash.code = crash_code(complaint, status.value_or(0));
        crash.sentence = "the process died: " + crash.code;
        return crash;
    }
    if (*line == "ok" || *line == "malformed") {
        return std::nullopt;
    }
    std::vector<std::string> fields{""};
    for (const char byte : *line) {
        if (byte == '\t' && fields.size() < 5) {
            fields.emplace_back();
        } else {
            fields.back() += byte;
        }
    }
    fields.resize(5);
    if (suite_ == Suite::real) {
        // Threads may still be at what the failure left behind.
        worker_ = Child();
    }
    return Violation{fields[0], std::atoi(fields[1].c_str()), fields[2], fields[4],
                     static_cast<std::uint32_t>(std::atoi(fields[3].c_str()))};
}

}  // namespace blkdrain_props
