# SPDX-License-Identifier: Apache-2.0
#
# cmake -DEXPLORE=... -DCALLS=... -DDEPARTURES=... -DCANARIES=... -DOUT=... -P explore.cmake: exit statuses and messages of blkdrain-explore; that it goes on where it was, and can fail.
file(REMOVE_RECURSE "${OUT}")
file(MAKE_DIRECTORY "${OUT}")
set(save --checkpoint "${OUT}/checkpoint" --out "${OUT}")

# expect(<status> <regex> <arguments...>): sets `output`
function(expect status regex)
    execute_process(COMMAND "${EXPLORE}" ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL status OR NOT output MATCHES "${regex}")
        message(FATAL_ERROR "blkdrain-explore ${ARGN}: status ${result}, expected ${status} and '${regex}':\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

expect(0 "--preemptions.*--departures" --help)
expect(2 "" --nodes 9)
expect(2 "at most 3 nodes" --reference --nodes 4)
file(WRITE "${OUT}/no-checkpoint" "blkdrain-explore 4\nnodes 1")
expect(2 "not a checkpoint" --resume "${OUT}/no-checkpoint")

# count(<variable>): how many schedules `output` says were run or left out
function(count variable)
    if(NOT output MATCHES ": ([0-9,]+) executions of .* and ([0-9,]+) like one of them")
        message(FATAL_ERROR "no counts in: ${output}")
    endif()
    string(REPLACE "," "" run "${CMAKE_MATCH_1}")
    string(REPLACE "," "" left_out "${CMAKE_MATCH_2}")
    math(EXPR sum "${run} + ${left_out}")
    set(${variable} ${sum} PARENT_SCOPE)
endfunction()

# As many schedules in one go as in parts, and as without the reduction.
expect(0 "proved by enumeration: no violation on all 3 graphs" --nodes 1 --calls 1 --departures 2 ${save})
count(whole)
expect(0 "closing included.*: [0-9,]+ executions" --nodes 1 --calls 1 --departures 2 --closing ${save})
count(closings)
if(NOT closings GREATER whole)
    message(FATAL_ERROR "${whole} schedules, ${closings} with the closings")
endif()
expect(0 ": [0-9,]+ executions of" --nodes 1 --calls 1 --departures 2 --every-schedule ${save})
string(REGEX REPLACE ".*: ([0-9,]+) executions of.*" "\\1" every "${output}")
string(REPLACE "," "" every "${every}")
if(NOT whole EQUAL every)
    message(FATAL_ERROR "${whole} schedules with the reduction, ${every} without")
endif()
expect(4 "unfinished after .* go on with: ./dev explore --resume" --nodes 1 --calls 1 --departures 2 --runs 300 ${save})
expect(0 "proved by enumeration" --resume "${OUT}/checkpoint" --out "${OUT}")
count(parts)
if(NOT whole EQUAL parts)
    message(FATAL_ERROR "in one go ${whole}, resumed ${parts}")
endif()

# Killed in the midst of it, it goes on from where it last saved.
set(longer --nodes 1 --calls ${CALLS} --departures ${DEPARTURES} --closing --jobs 1)
expect(0 "proved by enumeration" ${longer} ${save})
count(whole)
execute_process(
    COMMAND
        sh -c
        "file=$1 n=0; shift; \"$@\" & until [ -s \"$file\" ] || [ $((n += 1)) -gt 3000 ]; do sleep 0.01; done; sleep 0.2; kill -9 $!; wait $!; [ $? -eq 137 ]"
        sh "${OUT}/checkpoint" "${EXPLORE}" ${longer} --save-every 0 ${save}
    RESULT_VARIABLE over
    OUTPUT_QUIET
)
if(NOT over EQUAL 0)
    message(FATAL_ERROR "it was over before it was killed")
endif()
expect(0 "proved by enumeration" --resume "${OUT}/checkpoint" --out "${OUT}")
count(after)
if(NOT whole EQUAL after)
    message(FATAL_ERROR "in one go ${whole}, after a crash ${after}")
endif()

# What the reduction leaves out gives nothing new: the first program that fails is the same without it.
foreach(canary IN LISTS CANARIES)
    set(explore --nodes 2 --calls 2 --departures 1 --jobs 1 --canary ${canary} ${save})
    expect(1 "violation: .*replay: ./dev replay .*exploration-[^/]*/minimal.scn" ${explore})
    string(REGEX MATCH "exploration-R[0-9]+-[a-z_]+-[0-9a-f]+" reduced "${output}")
    expect(1 "violation: .*replay: ./dev replay .*exploration-[^/]*/minimal.scn" ${explore} --every-schedule)
    string(REGEX MATCH "exploration-R[0-9]+-[a-z_]+-[0-9a-f]+" whole "${output}")
    if(NOT whole STREQUAL reduced)
        message(FATAL_ERROR "${canary}: ${whole} fails first, but ${reduced} where equivalent schedules are left out")
    endif()
endforeach()

expect(0 "total store order" --nodes 1 --calls 1 --departures 1 --memory tso ${save})

# A finding is told as those of a check are: made smaller, in a folder.
set(broken --nodes 1 --calls 2 --departures 0 --canary admit-while-gated)
expect(1 "violation: .*replay: ./dev replay .*exploration-.*/minimal.scn.*--canary" ${broken} ${save})
string(REGEX MATCH "exploration-R[0-9]+-[a-z_]+-[0-9a-f]+" folder "${output}")
foreach(file IN ITEMS minimal.scn original.scn trace.txt graph.dot report.html reason.txt)
    if(NOT EXISTS "${OUT}/${folder}/${file}")
        message(FATAL_ERROR "${folder} has no ${file}:\n${output}")
    endif()
endforeach()
expect(0 "proved by enumeration: the model's invariants hold" --reference --nodes 1)
# It says which families, and how far it came when it is interrupted.
execute_process(
    COMMAND timeout --preserve-status --signal INT 1 "${EXPLORE}" --reference --nodes 3
    RESULT_VARIABLE result OUTPUT_VARIABLE output
)
if(NOT result EQUAL 4 OR NOT output MATCHES "unfinished: no objection in [1-9][0-9,]* states .*of the next")
    message(FATAL_ERROR "interrupted, it ended with ${result}:\n${output}")
endif()
