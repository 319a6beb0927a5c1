#pragma once
/// \file The predictor of an archive's own method, for one stream of text: sampling, next bytes.

#include <memory>
#include <optional>

#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/coding/method.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::coding {

/// What predicts a stream that compress() would code with these options, without making blocks of it. It has
/// one stream, which ends nowhere, so that what a block's end decides (streams, form of the data) is left
/// out: the data are taken for text, or for what predictor() is shown.
class StreamPredictor {
   public:
    /// `model`: null for a method that needs none; must outlive the predictor. Throws as compress() does.
    StreamPredictor(const model::StoredModel* model, const CompressOptions& options);
    /// `like`: bytes of which the form of the data is found, such as a prompt; empty: text.
    [[nodiscard]] predict::Predictor& predictor(ByteSpan like = {}) { return coder_->predictor(like); }

   private:
    std::optional<model::StoredModel> fresh_;
    std::optional<model::PackedModel> packed_;
    std::unique_ptr<BlockCoder> coder_;
};

}  // namespace bitlaw::coding
