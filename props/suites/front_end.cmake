# SPDX-License-Identifier: Apache-2.0
#
# cmake -DCHECK=... -DREGRESSIONS=... -DOUT=... -P front_end.cmake: exit statuses and messages of blkdrain-check.
file(MAKE_DIRECTORY "${OUT}")

# expect(<status> <regex> <arguments...>)
function(expect status regex)
    execute_process(COMMAND "${CHECK}" ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL status OR NOT output MATCHES "${regex}")
        message(FATAL_ERROR "blkdrain-check ${ARGN}: status ${result}, expected ${status} and '${regex}':\n${output}")
    endif()
endfunction()

expect(0 "--seconds" --help)
expect(2 "" --no-such-option)
expect(2 "" --suite no-such-suite)
expect(2 "" --canary no-such-canary)
expect(2 "" --seconds 0)
expect(0 "admit-while-gated R2\n" --list-canaries)
expect(2 "cannot be read" replay "${OUT}/no-such-file.scn")

file(WRITE "${OUT}/malformed.scn" "scenario 1\nnode n0\nbackend b0 on n0\nsend b0 sideways loop 0\n")
expect(2 "malformed.scn:4:9: " replay "${OUT}/malformed.scn")

file(WRITE "${OUT}/right.scn" "scenario 1\nnode n0\nbackend b0 on n0\nsend b0 read loop 0\ndrain b0\nexpect w0 pending\n")
file(WRITE "${OUT}/wrong.scn" "scenario 1\nrule R10\nnode n0\nbackend b0 on n0\nsend b0 read loop 0\ndrain b0\nexpect w0 ok\n")
foreach(adapter IN ITEMS reference simulated real)
    expect(0 "as the rules want it" replay "${OUT}/right.scn" --adapter ${adapter})
    expect(1 "VIOLATION: .*R10" replay "${OUT}/wrong.scn" --adapter ${adapter})
endforeach()

# What keeps a request is said by its name.
file(
    WRITE "${OUT}/kept.scn"
    "scenario 3\nnode n0\nbackend b0 on n0\nbackend b1 on n0\njoin b0 to g0\nlimit g0 by slow\nsend b0 read loop 0\nsend b0 read loop 0\nsend b0 read loop 0\ndrain b0\nisolate b1\n"
)
expect(
    0 "waits: r128 \\(RATE\\), r192 \\(ORDER and RATE\\).*for request r64 ADMITTED, request r128 WAITING \\(RATE\\).*waits: r128 \\(GATE and RATE\\)"
    replay "${OUT}/kept.scn"
)

# expect_page(<name> <regex>)
function(expect_page name regex)
    file(READ "${OUT}/${name}.html" page)
    if(NOT page MATCHES "${regex}.*</html>")
        message(FATAL_ERROR "${OUT}/${name}.html does not show ${regex}")
    endif()
endfunction()

# A run as a page.
expect(0 "right.html" replay "${OUT}/right.scn" --page "${OUT}/right.html")
expect_page(right "<h1>right.scn</h1>.*drain b0.*<svg.*as the rules want it")
expect(1 "wrong.html" replay "${OUT}/wrong.scn" --page "${OUT}/wrong.html")
expect(2 "of the library" replay "${OUT}/right.scn" --page "${OUT}/right.html" --adapter reference)
expect(2 "cannot be written" replay "${OUT}/right.scn" --page "${OUT}/no-such-folder/right.html")

# What the model refuses, and what it would have taken; on the page in the row where it happened.
file(WRITE "${OUT}/overtaken.scn" "scenario 3\nnode n0\nbackend b0 empty\nopen_token b0\ninsert_medium b0 n0\nsend b0 write loop 0\nsend b0 discard loop 0\n")
expect(1 "! admit r128 b1: overtook.*allowed: r64 of b1 is admitted.*VIOLATION: admit r128" replay "${OUT}/overtaken.scn" --canary overtake)
expect(1 "overtaken.html" replay "${OUT}/overtaken.scn" --canary overtake --page "${OUT}/overtaken.html")
expect_page(overtaken "admit r128.*<tr class='bad'>.*overtook.*What the model would have taken here:<ul><li>r64 of b1 is admitted</li>")

# Where the schedule departs, and on which thread things happen.
file(WRITE "${OUT}/departs.scn" "scenario 3 loops 2 pace free\nnode n0\nbackend b0 on n0\nclient 0\nsend b0 read loop 1\nwhen client0 at 1: run client1\nwhen client0 at 999: run loop0\nclient 1\ndrain b0\n")
expect(0 "~ client1 runs instead of client0 .when client0 at 1.*1. client 1: drain.*   client1 . drain s.*2. client 0: send.*     loop1 . admit" replay "${OUT}/departs.scn")
expect(0 "departs.html" replay "${OUT}/departs.scn" --page "${OUT}/departs.html")
expect_page(departs "loop1</th>.*<tr class='deviation'><td colspan='1'></td>.*client1 runs instead.*<tr class='event'><td colspan='3'></td>.*admit.*1 of 2 deviations had no effect:.*when client0 at 999: run loop0")
expect(0 "real.html" replay "${OUT}/departs.scn" --adapter real --page "${OUT}/real.html")
expect_page(real "--adapter real<.*client1</th><th class='loop'>library</th>.*<td colspan='2'></td><td colspan='2' class='loop'>.*admit")

# A schedule that does not line up any more is said to, and with --strict a failure.
file(WRITE "${OUT}/misfit.scn" "scenario 2 pace free\nnode n0\nbackend b0 on n0\ndrain b0\nwhen client0 at 60000: run loop0\n")
expect(0 "1 of 1 deviations had no effect:\n  when client0 at 60000: run loop0" replay "${OUT}/misfit.scn")
expect(1 "1 of 1 deviations had no effect" replay "${OUT}/misfit.scn" --strict)
expect(0 "as the rules want it" replay "${OUT}/right.scn" --strict)

file(WRITE "${OUT}/one.machine" "machine seed 1\nnode n0\ndevice on n0 queues 1 depth 1 read stop write stop priority 0\nclient 0\nput 0 0 0\nstop\n")
expect(0 "client 0: put 0 0 0.*loop0 . admit.*as the rules want it" replay "${OUT}/one.machine")
expect(0 "machine.html" replay "${OUT}/one.machine" --page "${OUT}/machine.html")
expect_page(machine "loop2</th>.*put 0 0 0.*<tr class='event'><td colspan='2'></td>.*admit.*<tr class='good'>.*<svg")
expect(2 "alone" replay "${OUT}/one.machine" --adapter real)
# On threads of the system the run is the same, in steps, with a strategy and deviations, and of a machine.
expect(2 "--adapter reference there are none" replay "${OUT}/right.scn" --threads --adapter reference)
expect(2 "--adapter real there are none" replay "${OUT}/right.scn" --threads --adapter real)
file(READ "${REGRESSIONS}/refused-send-had-counted-itself.scn" scheduled)
string(REPLACE "pace free" "strategy random seed 5 pace free memory tso" scheduled "${scheduled}")
file(WRITE "${OUT}/scheduled.scn" "${scheduled}")
foreach(
    file IN ITEMS
    "${OUT}/right.scn" "${OUT}/wrong.scn" "${OUT}/one.machine" "${OUT}/scheduled.scn"
    "${REGRESSIONS}/refused-send-had-counted-itself.scn"
)
    execute_process(COMMAND "${CHECK}" replay "${file}" RESULT_VARIABLE status OUTPUT_VARIABLE on_fibers)
    execute_process(COMMAND "${CHECK}" replay "${file}" --threads RESULT_VARIABLE again OUTPUT_VARIABLE on_threads)
    if(NOT on_fibers MATCHES "as the rules want it|VIOLATION" OR NOT "${status} ${on_fibers}" STREQUAL "${again} ${on_threads}")
        message(FATAL_ERROR "${file} on threads of the system, status ${again}:\n${on_threads}\nand on fibers, ${status}:\n${on_fibers}")
    endif()
endforeach()
# That they are used shows where there is no room for their stacks (if that can be arranged here).
execute_process(
    COMMAND bash -c "ulimit -s 200000000000 && exec \"$0\" replay \"$1\" --threads" "${CHECK}" "${OUT}/right.scn"
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(NOT output MATCHES "no operating-system thread for loop0: |ulimit: ")
    message(FATAL_ERROR "--threads without threads:\n${output}")
endif()
expect(0 "right.html" replay "${OUT}/right.scn" --threads --page "${OUT}/right.html")

file(WRITE "${OUT}/malformed.machine" "machine seed 1\nnode n0\nclient 0\npull 1\n")
expect(2 "malformed.machine:4:1: expected one of put" replay "${OUT}/malformed.machine")

expect(2 "right.scn cannot be made: " --seconds 1 --out "${OUT}/right.scn")

# Same seed, same traces.
foreach(suite IN ITEMS sequential scheduled machines)
    execute_process(COMMAND "${CHECK}" --trace-hash ${suite} --seed 7 --trace-hash-count 50 OUTPUT_VARIABLE first)
    execute_process(COMMAND "${CHECK}" --trace-hash ${suite} --seed 7 --trace-hash-count 50 OUTPUT_VARIABLE second)
    if(NOT first OR NOT first STREQUAL second)
        message(FATAL_ERROR "two runs of ${suite} with the same seed differ")
    endif()
endforeach()
