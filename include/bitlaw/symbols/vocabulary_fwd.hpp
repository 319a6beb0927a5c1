#pragma once
/// \file The name of what vocabulary.hpp declares, for those that only pass it on.

namespace bitlaw::symbols {

class Vocabulary;

}  // namespace bitlaw::symbols
