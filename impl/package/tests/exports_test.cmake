# SPDX-License-Identifier: Apache-2.0
#
# exports.cmake names what a library should not show. What it should is too little here, so it is always content with nothing
# but the number.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

tree_version(version)
string(REGEX MATCH "^[0-9]+\\.[0-9]+" interface "${version}")

# expect(<pattern> <code> [<soname>]): what is said of a library of this code in the namespace of the library.
function(expect pattern code)
    set(soname "libblkdrain.so.${interface}" ${ARGN})
    list(GET soname -1 soname)
    file(WRITE "${WORK}/library.cpp" "namespace blkdrain::v0_real {\n${code}\n}\n")
    run("${CXX}" -std=c++20 -shared -fPIC "-Wl,-soname,${soname}" "${WORK}/library.cpp" -o "${WORK}/library.so")
    execute_process(
        COMMAND
            "${CMAKE_COMMAND}" "-DSOURCE=${SOURCE}" "-DWORK=${WORK}/exports" "-DLIBRARY=${WORK}/library.so" "-DNM=${NM}"
            "-DREADELF=${READELF}" -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/exports.cmake"
        ERROR_VARIABLE said
    )
    if(NOT said MATCHES "${pattern}")
        message(FATAL_ERROR "nothing like '${pattern}' is said of ${code}, soname ${soname}, but:\n${said}")
    endif()
endfunction()

expect("only 7 symbols" "struct Shown { virtual ~Shown(); }; Shown::~Shown() {} void shown() {}")
expect("the soname of version" "void shown() {}" libblkdrain.so.0)
set(outside "from outside:.* ")
expect("${outside}stranger\\(\\)" "} void stranger() {} namespace blkdrain {")
expect(
    "${outside}blkdrain::v0_real::ControlPlane::begin\\(\\)"
    "struct ControlPlane { void begin(); }; void ControlPlane::begin() {}"
)
expect(
    "${outside}int blkdrain::v0_real::half<int>\\(int\\)"
    "template <class T> T half(T all) { return all / 2; } template int half(int);"
)
expect(
    "${outside}typeinfo for blkdrain::v0_real::detail::Hidden"
    "namespace detail { struct Hidden { virtual ~Hidden() {} } hidden; }"
)
