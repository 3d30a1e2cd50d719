# SPDX-License-Identifier: Apache-2.0
#
# cmake -DCHECK=... -DNAME=... -DRULE=... -DKIND=scn|machine -DSECONDS=... -DOPERATIONS=... -DPREEMPTIONS=... -DDRAWN=...
# -DREDUCING=... [-DSUITE=...] -DOUT=... -P canary_is_caught.cmake: one process catches the broken variant by its rule, and
# in less than REDUCING seconds what shows it comes down to at most 4 nodes, so many operations and so many preemptions;
# DRAWN: the schedule of a scenario may still be one that is drawn. With a seed, that the rarest of them is no lottery where
# a sanitizer is slow. SUITE: there alone.
set(suite)
if(SUITE)
    set(suite --suite ${SUITE})
endif()
execute_process(
    COMMAND "${CHECK}" --canary "${NAME}" ${suite} --seed 1 --jobs 1 --seconds ${SECONDS} --out "${OUT}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(NOT result EQUAL 1)
    message(FATAL_ERROR "exit status ${result} instead of 1:\n${output}")
endif()
if(NOT output MATCHES "rule: ${RULE},")
    message(FATAL_ERROR "not caught by ${RULE}:\n${output}")
endif()
if(NOT output MATCHES "replay: ./dev replay ([^ ]+) --adapter ([a-z]+)")
    message(FATAL_ERROR "no command that replays it:\n${output}")
endif()
cmake_path(GET CMAKE_MATCH_1 PARENT_PATH folder)
# A process that has died has no graph to show.
set(graph graph.dot)
if(folder MATCHES "-crash-")
    set(graph)
endif()
foreach(file IN ITEMS minimal.${KIND} original.${KIND} trace.txt reason.txt report.html ${graph})
    if(NOT EXISTS "${folder}/${file}")
        message(FATAL_ERROR "${folder}/${file} is missing")
    endif()
endforeach()
find_program(dot dot)
if(dot AND graph)
    execute_process(COMMAND "${dot}" -Tsvg "${folder}/graph.dot" RESULT_VARIABLE result OUTPUT_VARIABLE picture ERROR_VARIABLE error)
    if(NOT result EQUAL 0 OR NOT picture MATCHES "</svg>")
        message(FATAL_ERROR "${folder}/graph.dot is nothing for Graphviz:\n${error}")
    endif()
endif()
# Small enough to be understood, and in time.
set(minimal "${folder}/minimal.${KIND}")
file(READ "${folder}/trace.txt" trace)
file(STRINGS "${minimal}" header REGEX "^(scenario|machine)")
file(STRINGS "${minimal}" nodes REGEX "^node ")
file(STRINGS "${minimal}" operations REGEX "^[a-z]")
list(FILTER operations EXCLUDE REGEX "^((scenario|rule|node|backend|client|when|machine|job|device|spare) |machine$|finally$)")
list(LENGTH nodes nodes)
list(LENGTH operations operations)
if(nodes GREATER 4 OR operations GREATER OPERATIONS)
    message(FATAL_ERROR "${nodes} nodes, ${operations} operations are left:\n${trace}")
endif()
if(KIND STREQUAL "scn" AND header MATCHES " strategy " AND NOT DRAWN)
    message(FATAL_ERROR "a schedule that is drawn is left, which nobody can follow: ${header}\n${trace}")
endif()
# A process that has died has not counted them; there are no more than switches of threads.
file(STRINGS "${minimal}" preemptions REGEX "^when .*: run (loop|client)")
list(LENGTH preemptions preemptions)
if(trace MATCHES "schedule: [^\n]*preemptions( among them)? ([0-9]+)")
    set(preemptions ${CMAKE_MATCH_2})
elseif(KIND STREQUAL "machine" AND header MATCHES " seed ")
    message(FATAL_ERROR "nothing says how many preemptions are left:\n${trace}")
endif()
if(preemptions GREATER PREEMPTIONS)
    message(FATAL_ERROR "${preemptions} preemptions are left:\n${trace}")
endif()
if(NOT output MATCHES "reduced in [0-9]+ runs, ([0-9.]+) s" OR NOT CMAKE_MATCH_1 LESS REDUCING)
    message(FATAL_ERROR "reducing takes ${REDUCING} s or more:\n${output}")
endif()
file(READ "${folder}/report.html" page)
if(output MATCHES "found by crash") # the page ends with the process, maybe before the first picture
    set(shown "<h1>.*</h1>.*<tbody>.*</html>")
else()
    set(shown "<h1>.*</h1>.*<tbody>.*<tr class='bad'>.*</html>")
endif()
if(NOT page MATCHES "${shown}" OR NOT "${page}${output}" MATCHES "<svg|found by crash")
    message(FATAL_ERROR "${folder}/report.html does not show the failure")
endif()
