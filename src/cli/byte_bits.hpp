#pragma once
/// \file What eval writes of single bytes: their bits as numbers, and a page that shows them.

#include <string>

#include "arguments.hpp"
#include "bitlaw/base/bytes.hpp"
#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::cli {

/// Throws UsageError unless the options for single bytes go together: one file, a suffix that is known.
void check_byte_options(const EvalArguments& a);

/// What is coded, and how. `mixing` null: the network alone; `model` null: the experts alone.
struct ByteSubject {
    std::string name;
    ByteSpan bytes;
    const model::StoredModel* model;
    const coding::CompressOptions* network;  ///< null without a model
    const coding::CompressOptions* mixing;
};

/// Writes the files that a.per_byte and a.html name, and says on standard error what the bytes cost together.
/// Bits are -log2 of the probability that a byte was coded with, blocks and streams as eval has them.
void write_byte_bits(const EvalArguments& a, const ByteSubject& subject);

}  // namespace bitlaw::cli
