# SPDX-License-Identifier: Apache-2.0
#
# The contracts in the headers are plain comments. For Doxygen: a comment of whole lines belongs to what follows it, one at
# the end of a line to what stands before it; one before the first line of code, with a blank line behind, to the file.
# What is three spaces in is a table, and shown as it stands, like code.
function documented(line) {
    sub(/\/\//, "///", line)
    if (line ~ /\/\/\/   ([^ ]|  )/) {
        sub(/\/\/\//, "///  ", line)
    } else {
        gsub(/</, "\\<", line)
    }
    return line
}
NR == 1 { print; next }
!code && /^\/\// { block = block documented($0) "\n"; next }
!code && /^$/ && block != "" { printf "/// \\file\n%s", block; block = "" }
/^$/ || /^#pragma once/ { print; next }
{ code = 1; printf "%s", block; block = "" }
/^ *\/\/( |$)/ { print documented($0); next }
/[;,{}] +\/\/ / && !/ \/\/ (inline )?namespace/ { sub(/ \/\/ /, " ///< ") }
{ print }
