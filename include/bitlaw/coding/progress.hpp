#pragma once
/// \file How far coding is.

#include <cstdint>
#include <functional>

namespace bitlaw::coding {

/// Called with (plain bytes, payload bytes) done of one block, from any of the threads that work but from
/// one at a time, at most about ten times a second; may throw to end the work.
using BlockProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Called with (bytes of plain text done, archive bytes so far) from any of the threads that work, but from
/// one at a time; may throw Stopped to end the work.
using CodecProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// A block's progress as the whole work's, which must outlive it and may be empty.
[[nodiscard]] BlockProgress within(const CodecProgress& progress, std::uint64_t plain_before,
                                   std::uint64_t archive_before);

}  // namespace bitlaw::coding
