#pragma once
/// \file The hashed contexts that a stream's next byte is predicted in: which experts add which of theirs,
/// for each family of forms. Class A.

#include "bitlaw/predict/experts/contexts.hpp"
#include "bitlaw/predict/experts/indirect.hpp"
#include "bitlaw/predict/experts/words.hpp"
#include "bitlaw/predict/history.hpp"
#include "expert_choice.hpp"
#include "mixed_stream.hpp"

namespace bitlaw::predict {

/// Contexts that add_external_contexts() adds.
inline constexpr std::size_t kExternalContexts = 2;

/// Those of the fast set.
void add_fast_contexts(const ExpertChoice& choice, const Past& past, const Words& words, ContextList& list);

/// Those of the full set, to the stream's empty cursor; its samples begin the byte.
void add_full_contexts(const ExpertChoice& choice, const Indirect& indirect, MixedStream& stream);

/// What the external expert expects, with the last bytes and with the word, in the full set. Known only when
/// the byte begins.
void add_external_contexts(const ExpertChoice& choice, MixedStream& stream);

}  // namespace bitlaw::predict
