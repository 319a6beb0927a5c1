#pragma once
/// \file Compress whole inputs. docs/FORMAT.md specifies the archive's bytes.

#include "bitlaw/coding/compress_options.hpp"
#include "bitlaw/coding/restore.hpp"
#include "bitlaw/coding/stream.hpp"
#include "bitlaw/model/checkpoint.hpp"

namespace bitlaw::coding {

/// Compresses source to sink with bounded memory (about two blocks and the streams' contexts). The same bytes
/// for every instruction set and thread count. `model`: null for a method that needs none.
CodecSummary compress(const model::StoredModel* model, const CompressOptions& options,
                      const ByteSource& source, const ByteSink& sink);
CodecSummary compress(const model::StoredModel& model, const CompressOptions& options,
                      const ByteSource& source, const ByteSink& sink);

/// Visits every byte of data with what the archive's own method pays for it, in blocks, streams and chains as
/// compress() cuts them; the progress counts no archive bytes. Throws Error when the model's alphabet lacks a
/// byte. Class A.
void trace(const model::StoredModel* model, const CompressOptions& options, ByteSpan data,
           const ByteVisit& visit);

}  // namespace bitlaw::coding
