#pragma once
/// \file What a context mixer knows of one stream alone.

#include <cstdint>
#include <memory>

#include "bitlaw/predict/context_bank.hpp"
#include "bitlaw/predict/experts/external.hpp"
#include "bitlaw/predict/experts/lines.hpp"
#include "bitlaw/predict/experts/match.hpp"
#include "bitlaw/predict/experts/samples.hpp"
#include "bitlaw/predict/experts/words.hpp"
#include "bitlaw/predict/history.hpp"

namespace bitlaw::predict {

struct MixedStream {
    Past past;
    Words words;
    Lines lines;
    Match long_match;
    Match short_match;
    External external;
    std::unique_ptr<Samples> samples;  ///< of a block of samples only
    ContextCursor cursor;
    ContextCursor likely_cursor;  ///< if it is not empty: what cursor will be after the likely byte
    std::uint8_t likely_byte = 0;
};

}  // namespace bitlaw::predict
