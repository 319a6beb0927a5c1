#pragma once
/// \file Where bytes come from and go to: files, pipes and memory behind two small value types.

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "bitlaw/base/bytes.hpp"

namespace bitlaw::coding {

/// Fills the buffer from the front and returns how many bytes it put there; fewer than asked only at the end.
using ByteSource = std::function<std::size_t(std::span<std::uint8_t>)>;
/// Takes all the bytes or throws.
using ByteSink = std::function<void(ByteSpan)>;

/// A source that reads a span; the span must outlive it.
[[nodiscard]] ByteSource source_of(ByteSpan data);
/// A sink that appends to `out`, which must outlive it.
[[nodiscard]] ByteSink sink_to(Bytes& out);
/// A source over an open file descriptor (not owned); `name` is for messages. `before_read`, if given, is
/// called before every read and may throw.
[[nodiscard]] ByteSource source_of_descriptor(int descriptor, std::string name,
                                              std::function<void()> before_read = {});
/// A sink over an open file descriptor, likewise. With `before_write` it writes at most PIPE_BUF bytes at a
/// time, which do not block once the descriptor is ready.
[[nodiscard]] ByteSink sink_to_descriptor(int descriptor, std::string name,
                                          std::function<void()> before_write = {});

}  // namespace bitlaw::coding
