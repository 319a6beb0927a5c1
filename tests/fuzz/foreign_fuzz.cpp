#include "foreign_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bitlaw::fuzz::foreign_target({data, size});
    return 0;
}
