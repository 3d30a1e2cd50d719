# SPDX-License-Identifier: Apache-2.0
#
# cmake -DCHECK=... -DNAME=... -DRULE=... -DKIND=scn|machine -DSECONDS=... -DOUT=... -P canary_is_caught.cmake: the broken variant is caught by its rule. With
# a seed, that the rarest of them is no lottery where a sanitizer is slow.
execute_process(
    COMMAND "${CHECK}" --canary "${NAME}" --seed 1 --seconds ${SECONDS} --out "${OUT}"
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
foreach(file IN ITEMS minimal.${KIND} original.${KIND} trace.txt reason.txt report.html graph.dot)
    cmake_path(GET CMAKE_MATCH_1 PARENT_PATH folder)
    if(NOT EXISTS "${folder}/${file}")
        message(FATAL_ERROR "${folder}/${file} is missing")
    endif()
endforeach()
find_program(dot dot)
if(dot)
    execute_process(COMMAND "${dot}" -Tsvg "${folder}/graph.dot" RESULT_VARIABLE result OUTPUT_VARIABLE picture ERROR_VARIABLE error)
    if(NOT result EQUAL 0 OR NOT picture MATCHES "</svg>")
        message(FATAL_ERROR "${folder}/graph.dot is nothing for Graphviz:\n${error}")
    endif()
endif()
file(READ "${folder}/report.html" page)
set(shown "<h1>.*</h1>.*<tbody>.*</html>")
if(NOT output MATCHES "found by crash") # else the page ends with the process
    set(shown "<h1>.*</h1>.*<tbody>.*<tr class='bad'>.*</html>")
endif()
if(NOT page MATCHES "${shown}" OR NOT page MATCHES "<svg")
    message(FATAL_ERROR "${folder}/report.html does not show the failure")
endif()
