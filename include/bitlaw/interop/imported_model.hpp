#pragma once
/// \file What an import gives.

#include "bitlaw/model/model.hpp"
#include "bitlaw/model/weight_format.hpp"

namespace bitlaw::interop {

struct ImportedModel {
    model::Model model;
    model::WeightFormatId format;  ///< the smallest that loses nothing
};

}  // namespace bitlaw::interop
