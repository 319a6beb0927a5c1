#pragma once
/// \file What of a mapped file may leave memory.

#include "bitlaw/base/file.hpp"

namespace bitlaw {

/// The pages of this part of the file's bytes() may leave memory; whoever reads them again fetches them
/// again, with the same content.
void forget_pages(const MappedFile& file, ByteSpan part);

enum class PageOrder { sequential, random };

/// How the file's bytes() will be read: in random order nothing is read ahead, which would fill memory with
/// what nobody asked for.
void expect_order(const MappedFile& file, PageOrder order);

}  // namespace bitlaw
