#include <algorithm>
#include <array>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/symbols/pair_merging.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "bitlaw/train/corpus.hpp"
#include "commands.hpp"
#include "data_names.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace symbols;

namespace {

constexpr const char* kNothingWritten = "nothing was written";

Vocabulary byte_alphabet(const train::Corpus& corpus) {
    std::array<bool, 256> occurs{};
    for (std::size_t range = 0; range < corpus.ranges(); ++range) {
        throw_if_stopped(kNothingWritten);
        note_bytes(corpus.bytes(range), occurs);
    }
    return byte_vocabulary(occurs);
}

Vocabulary joined(const train::Corpus& corpus, const TokenizerArguments& a) {
    ProgressLine line(a.common.quiet == 0);
    Progress progress(0);
    const auto show = [&](const auto&... parts) {
        throw_if_stopped(kNothingWritten);
        if (line.active() && progress.due()) {
            line.show(text_of(parts...));
        }
    };
    PieceCounts pieces(a.cut);
    for (std::size_t range = 0; range < corpus.ranges(); ++range) {
        pieces.add(corpus.bytes(range), [&](std::uint64_t done) {
            show("read ", with_commas(done), " of ", with_commas(corpus.bytes(range).size()), " bytes, ",
                 with_commas(pieces.counts().size()), " different pieces");
        });
    }
    return joined_vocabulary(pieces, *a.size, [&](std::uint32_t symbols) {
        show("joined ", with_commas(symbols), " of ", with_commas(*a.size), " symbols");
    });
}

}  // namespace

int run_tokenizer(const TokenizerArguments& a) {
    const OutputOptions options{.existing = a.force ? Existing::replace : Existing::refuse};
    require_folder_of(a.output);
    require_writable(a.output, options.existing);
    const train::Corpus corpus(resolve_data(expanded_data(a.data)));
    if (!corpus.weights().empty()) {
        fail_usage("weights are for train; a vocabulary is made of all bytes alike, so leave them out");
    }
    InputFiles inputs;
    for (std::size_t range = 0; range < corpus.ranges(); ++range) {
        inputs.add(corpus.path(range));
    }
    inputs.require_not(a.output);
    const Vocabulary vocabulary = a.size ? joined(corpus, a) : byte_alphabet(corpus);
    corpus.require_unchanged(train::LookAgain::where_touched);
    const Bytes file = encode_vocabulary_file(vocabulary);
    write_file(a.output, file, options);
    if (a.size && vocabulary.size() < *a.size && a.common.quiet < 2) {
        note(printable(text_of("bitlaw: tokenizer: warning: there are ", with_commas(vocabulary.size()),
                               " symbols and not ", with_commas(*a.size),
                               ", since no other pair occurs twice in the data")));
    }
    if (a.common.quiet == 0) {
        note(printable(text_of(a.output, ": tokenizer ", hex64(vocabulary_id(vocabulary)), ", ",
                               with_commas(vocabulary.size()), " symbols, ", with_commas(file.size()),
                               " bytes")));
    }
    return kDone;
}

}  // namespace bitlaw::cli
