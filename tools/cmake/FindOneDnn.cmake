# OneDnn::dnnl, where oneDNN 2.x is installed, and ONEDNN_CPU_RUNTIME, the
# threading it was built for (OMP, SEQ, TBB, THREADPOOL ...).
#
# Not by its own package file: Debian's asks for OpenCL's headers, which only
# its GPU interface needs and libdnnl-dev does not bring.
find_path(ONEDNN_INCLUDE oneapi/dnnl/dnnl.h)
find_library(ONEDNN_LIBRARY dnnl)
mark_as_advanced(ONEDNN_INCLUDE ONEDNN_LIBRARY)

set(ONEDNN_CPU_RUNTIME "")
if(ONEDNN_INCLUDE AND EXISTS ${ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_config.h)
  file(STRINGS ${ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_config.h line
    REGEX "^#define DNNL_CPU_RUNTIME ")
  string(REGEX REPLACE ".*DNNL_RUNTIME_([A-Z]+).*" "\\1"
    ONEDNN_CPU_RUNTIME "${line}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDnn
  REQUIRED_VARS ONEDNN_LIBRARY ONEDNN_INCLUDE ONEDNN_CPU_RUNTIME)

if(OneDnn_FOUND AND NOT TARGET OneDnn::dnnl)
  add_library(OneDnn::dnnl SHARED IMPORTED GLOBAL)
  set_target_properties(OneDnn::dnnl PROPERTIES
    IMPORTED_LOCATION ${ONEDNN_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${ONEDNN_INCLUDE})
endif()
