# SPDX-License-Identifier: Apache-2.0
#
# cmake -DTARGET=... -DSEEDS=... -DOUT=... -P same_coverage_twice.cmake: the input alone decides what the target does: the
# features that each seed reaches are the same in two runs, byte for byte. The depth of the stack is one of them, and it is
# counted from where the system has put it: so that is the same too, and the names have one length.
foreach(run IN ITEMS one two)
    # Else the engine would go on with what an earlier run has recorded.
    file(REMOVE_RECURSE "${OUT}/${run}" "${OUT}/${run}.features")
    file(MAKE_DIRECTORY "${OUT}/${run}")
    execute_process(
        COMMAND setarch -R "${TARGET}" -merge=1 "-merge_control_file=${OUT}/${run}.features" "${OUT}/${run}" "${SEEDS}"
        OUTPUT_VARIABLE output
        ERROR_VARIABLE output
        COMMAND_ERROR_IS_FATAL ANY
    )
    # After the names of the files.
    file(STRINGS "${OUT}/${run}.features" features REGEX "^(FT|COV) ")
    set(${run} "${features}")
endforeach()
if(NOT one)
    message(FATAL_ERROR "no features were recorded:\n${output}")
endif()
if(NOT one STREQUAL two)
    message(FATAL_ERROR "two runs of ${SEEDS} reach different code: compare ${OUT}/one.features and two.features")
endif()
