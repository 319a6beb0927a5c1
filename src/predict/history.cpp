#include "bitlaw/predict/history.hpp"

#include <algorithm>
#include <bit>

namespace bitlaw::predict {

History::History(std::size_t bytes)
    : bytes_(std::bit_ceil(std::max<std::size_t>(bytes, 64))),
      mask_(static_cast<std::uint32_t>(bytes_.size() - 1)) {}

}  // namespace bitlaw::predict
