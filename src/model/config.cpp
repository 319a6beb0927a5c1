#include "bitlaw/model/config.hpp"

namespace bitlaw::model {

const char* arithmetic_name(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::bf16 ? "bf16" : "fp32";
}

const char* cache_name(CachePrecision cache) { return cache == CachePrecision::bf16 ? "bf16" : "fp32"; }

}  // namespace bitlaw::model
