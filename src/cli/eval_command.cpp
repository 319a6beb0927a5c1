#include <algorithm>
#include <cmath>

#include "archive_watch.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file_status.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/coding/measure.hpp"
#include "bitlaw/coding/mixed.hpp"
#include "bitlaw/coding/stack_network.hpp"
#include "bitlaw/datasets/origin.hpp"
#include "bitlaw/predict/context_mixer.hpp"
#include "bitlaw/predict/copying.hpp"
#include "bitlaw/predict/reset.hpp"
#include "bitlaw/train/corpus.hpp"
#include "byte_bits.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "learning_options.hpp"
#include "levels.hpp"
#include "places.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace format;
using namespace model;
using namespace predict;
using namespace train;
using namespace coding;
using namespace datasets;

namespace {

// A range of bytes of a mapped file.
struct Subject {
    MappedFile file;
    std::string name;
    std::uint64_t begin;
    std::uint64_t end;
    [[nodiscard]] ByteSpan bytes() const { return file.bytes().subspan(begin, end - begin); }
};

Subject open_subject(const std::string& text) {
    const DataRange range = parse_range(resolve_data(text));
    MappedFile file(range.path);
    const std::uint64_t size = file.bytes().size();
    const std::uint64_t end = range.end == DataRange::kToTheEnd ? size : range.end;
    if (range.begin > end || end > size) {
        fail_usage("the range of '", text, "' does not lie in the file, which has ", size, " bytes");
    }
    return {std::move(file), text, range.begin, end};
}

// How an archive is made whose network learns, or that mixes (`mixing` is not null), or both, or neither;
// `network` null: the experts alone.
CompressOptions archive_options(const StoredModel* network, const EvalArguments& a,
                                const MixingOptions* mixing, const Subject& subject) {
    CompressOptions options;
    if (network != nullptr && a.learning.learn) {
        const LearningPlace place{.fresh = fresh_of(a.model).has_value(), .mixed = mixing != nullptr};
        options.method = kLearning;
        options.stack =
            learned_stack(recipe_of(a.learning, *network, place, subject.bytes()), *network, a.model);
    } else if (network != nullptr && mixing != nullptr) {
        options.stack.source = NetworkSource::model;
    }
    if (mixing != nullptr) {
        mix_with(options, *mixing);
    }
    return options;
}

// Bytes of such an archive.
double archive_bytes(const StoredModel* network, const EvalArguments& a, const MixingOptions* mixing,
                     const Subject& subject, const CodecProgress& watch) {
    CompressOptions options = archive_options(network, a, mixing, subject);
    options.progress = watch;
    const ByteSink nowhere = [](ByteSpan) {};
    return static_cast<double>(compress(network, options, source_of(subject.bytes()), nowhere).archive_bytes);
}

// What coding the bytes costs without the model, in bytes. No model: the experts alone.
double coded_bytes(const StoredModel* network, const EvalArguments& a, const Subject& subject) {
    ProgressLine line(a.common.quiet == 0);
    Progress progress(subject.bytes().size());
    double flops = 0;
    if (network != nullptr) {
        const ModelConfig& config = network->model.config;
        flops = a.protocol == Protocol::chunked ? flops_per_byte(config, a.chunk_bytes, 0)
                                                : flops_per_byte(config, 65536, default_reset(config));
    }
    const auto watch = [&](std::uint64_t plain, std::uint64_t archive) {
        throw_if_stopped("nothing was measured");
        if (line.active() && progress.due()) {
            const double bits =
                plain == 0 ? 0.0 : 8.0 * static_cast<double>(archive) / static_cast<double>(plain);
            line.show(
                printable(subject.name) +
                progress.line(plain, bits, static_cast<double>(plain) * flops / progress.seconds() / 1e9));
        }
    };
    if (a.protocol == Protocol::chunked) {
        return chunked_bits(*network, subject.bytes(), a.chunk_bytes, watch) / 8.0;
    }
    if (a.mix) {
        const MixingOptions mixing = mixing_for(*a.mix, subject.bytes().size());
        return archive_bytes(network, a, &mixing, subject, watch);
    }
    if (a.learning.learn) {
        return archive_bytes(network, a, nullptr, subject, watch);
    }
    CompressOptions options;
    options.progress = watch;
    return estimate(*network, options, subject.bytes()).archive_bytes;
}

// Before anything is measured: neither a model nor the data may be overwritten.
void require_inputs_kept(const EvalArguments& a, const ModelShelf& shelf) {
    InputFiles inputs;
    shelf.add_to(inputs);
    for (const std::string& text : a.data) {
        inputs.add(parse_range(resolve_data(text)).path);
    }
    for (const std::string& output : {a.html, a.per_byte}) {
        if (!output.empty()) {
            inputs.require_not(output);
        }
    }
}

// The files that say what single bytes cost, in blocks, streams and chunks as coded_bytes() has them.
void write_bytes(const StoredModel* network, const EvalArguments& a, const Subject& subject) {
    CompressOptions alone = archive_options(network, a, nullptr, subject);
    if (a.protocol == Protocol::chunked) {
        alone.block_bytes = a.chunk_bytes;
        alone.streams = 1;
    }
    std::optional<CompressOptions> mixed;
    if (a.mix) {
        const MixingOptions mixing = mixing_for(*a.mix, subject.bytes().size());
        mixed = archive_options(network, a, &mixing, subject);
    }
    write_byte_bits(a, {.name = subject.name,
                        .bytes = subject.bytes(),
                        .model = network,
                        .network = network == nullptr ? nullptr : &alone,
                        .mixing = mixed ? &*mixed : nullptr});
}

struct Measured {
    double plain = 0;
    double coded = 0;
    double seconds = 0;
};

void add_row(Table& table, const std::string& name, const OriginFound& found, const Measured& m,
             double model_bytes, const std::string& all_origins = {}) {
    const double rate = m.coded / m.plain;
    table.add({text_cell(name), text_cell(all_origins.empty() ? origin_name(found.origin) : all_origins),
               found.seen_share ? share_cell(*found.seen_share, 0) : nothing_cell(),
               count_cell(static_cast<std::uint64_t>(m.plain)),
               count_cell(static_cast<std::uint64_t>(std::ceil(m.coded))), share_cell(rate),
               number_cell(8.0 * rate, 4), share_cell((m.coded + model_bytes) / m.plain),
               number_cell(m.seconds, 2)});
}

// What each expert is worth: the archive without it, for each file.
int run_experts(const EvalArguments& a) {
    ModelShelf shelf(a.model);
    const StoredModel* const network = a.model == kNoModel ? nullptr : &shelf.chosen();
    Table table{.columns = {{"file", "file", true},
                            {"left_out", "left out", true},
                            {"archive_bytes", "archive bytes"},
                            {"bits_per_byte", "bits/byte"},
                            {"growth", "growth"}}};
    for (const std::string& text : a.data) {
        const Subject subject = open_subject(text);
        const CodecProgress watch = [](std::uint64_t, std::uint64_t) {
            throw_if_stopped("nothing was measured");
        };
        const MixingOptions whole = mixing_for(*a.mix, subject.bytes().size());
        const double all = archive_bytes(network, a, &whole, subject, watch);
        const auto add = [&](const std::string& left_out, double bytes) {
            table.add({text_cell(text), text_cell(left_out), count_cell(static_cast<std::uint64_t>(bytes)),
                       number_cell(8 * bytes / static_cast<double>(subject.bytes().size()), 4),
                       share_cell(bytes / all - 1)});
        };
        add("nothing", all);
        const std::uint64_t experts = ContextMixer::experts_of(*a.mix);
        for (std::size_t i = 0; i < ContextMixer::experts().size(); ++i) {
            if ((experts >> i & 1) != 0) {
                MixingOptions without = whole;
                without.experts = ~(std::uint64_t{1} << i);
                const double bytes = archive_bytes(network, a, &without, subject, watch);
                // Experts for other forms of data say nothing here.
                if (bytes + 2 < all || bytes > all + 2) {
                    add(ContextMixer::experts()[i], bytes);
                }
            }
        }
        if (network != nullptr) {
            add("network", archive_bytes(nullptr, a, &whole, subject, watch));
        }
    }
    print_table(table, a.common);
    return kDone;
}

// A row with what the model pays for new and for repeated words.
int run_copying(const EvalArguments& a) {
    ModelShelf shelf(a.model);
    const StoredModel& model = shelf.chosen();
    const Progress clock(0);
    const std::optional<CopyScore> score = copy_score(PackedModel(model.model, PackFor::inference));
    if (!score) {
        fail("the model's alphabet of ", model.model.config.alphabet,
             " symbols has no letters, so it cannot read words; measure it on files with --data");
    }
    Table table{.columns = {{"model", "model", true},
                            {"new_bits_per_byte", "new words"},
                            {"repeated_bits_per_byte", "repeated"},
                            {"copy_score_bits_per_byte", "copy score"},
                            {"seconds", "seconds"}}};
    table.add({text_cell(hex64(model.id)), number_cell(score->new_bits_per_byte, 4),
               number_cell(score->repeated_bits_per_byte, 4), number_cell(score->value(), 4),
               number_cell(clock.seconds(), 2)});
    if (!a.common.json) {
        print(text_of("model ", hex64(model.id), " of ", printable(shelf.chosen_path().string()),
                      "; bits per byte of random words and of the same words repeated at once; a copy score "
                      "near 0 means that it does not copy\n"));
    }
    print_table(table, a.common);
    return kDone;
}

void check_learning(const EvalArguments& a) {
    require_learning(a.learning);
    if (!a.learning.learn) {
        return;
    }
    require_learner(a.model);
    if (a.protocol == Protocol::chunked) {
        fail_usage("chunks are independent, so that nothing is learned; leave --learn or --protocol out");
    }
}

// How archives are made whose sizes are measured.
std::string protocol_of(const EvalArguments& a) {
    if (a.protocol == Protocol::chunked) {
        return text_of("independent chunks of ", with_commas(a.chunk_bytes), " bytes");
    }
    if (a.mix) {
        return text_of("archives that mix", a.learning.learn ? " a network that learns" : "",
                       ", made with --fallback never");
    }
    return a.learning.learn ? "archives of a network that learns, made with --fallback never"
                            : "continuous, as archives are made with --fallback never";
}

const char* protocol_key(const EvalArguments& a) {
    if (a.protocol == Protocol::chunked) {
        return "chunked";
    }
    if (a.mix) {
        return a.learning.learn ? "mixed, learning" : "mixed";
    }
    return a.learning.learn ? "learning" : "continuous";
}

}  // namespace

int run_eval(const EvalArguments& given) {
    EvalArguments a = given;
    if (a.protocol != Protocol::chunked) {
        mix_without_network(a);
    }
    check_byte_options(a);
    if (a.copying == !a.data.empty()) {
        fail_usage("eval measures either files (--data) or copying (--copying); give one of the two");
    }
    if (a.copying) {
        return run_copying(a);
    }
    if (a.experts && !a.mix) {
        fail_usage("--experts is about a set of experts; add --mix fast or --mix full");
    }
    if (a.protocol == Protocol::chunked && (a.mix || a.model == kNoModel)) {
        fail_usage("experts need a file in one piece; leave --protocol chunked out");
    }
    if (a.model == kNoModel && !a.mix) {
        fail_usage("-m none --mix none leaves nothing that predicts; name a set of experts, or a model");
    }
    check_learning(a);
    if (a.experts) {
        return run_experts(a);
    }
    if (a.protocol != Protocol::chunked && a.chunk_bytes != EvalArguments{}.chunk_bytes) {
        fail_usage("--chunk is for --protocol chunked; add it, or leave --chunk out");
    }
    ModelShelf shelf(a.model);
    const StoredModel* const model = a.model == kNoModel ? nullptr : &shelf.chosen();
    require_inputs_kept(a, shelf);
    const auto model_bytes = model == nullptr ? 0.0 : static_cast<double>(model->stored_bytes);
    Table table{.columns = {{"file", "file", true},
                            {"origin", "data are", true},
                            {"seen_share", "seen"},
                            {"bytes", "bytes"},
                            {"estimated_bytes", "estimate"},
                            {"raw_rate", "raw rate"},
                            {"bits_per_byte", "bits/byte"},
                            {"adjusted_rate", "adjusted rate"},
                            {"seconds", "seconds"}}};
    Measured sum;
    std::string sum_origin;
    int worst = kDone;
    std::size_t rows = 0;
    for (const std::string& text : a.data) {
        try {
            const Subject subject = open_subject(text);
            const Progress clock(0);
            Measured m{.plain = static_cast<double>(subject.bytes().size()),
                       .coded = coded_bytes(model, a, subject)};
            m.seconds = clock.seconds();
            const OriginFound found =
                model == nullptr || fresh_of(a.model)
                    ? OriginFound{.origin = Origin::held_out}
                    : origin_of(model->record, subject.file.bytes(), subject.begin, subject.end);
            add_row(table, text, found, m, model_bytes);
            if (!a.per_byte.empty() || !a.html.empty()) {
                write_bytes(model, a, subject);
            }
            const bool is_same = rows == 0 || sum_origin == origin_name(found.origin);
            sum_origin = is_same ? origin_name(found.origin) : "mixed";
            sum = {sum.plain + m.plain, sum.coded + m.coded, sum.seconds + m.seconds};
            ++rows;
        } catch (const Stopped&) {
            throw;
        } catch (...) {
            worst = std::max(worst, report_failure("eval", a.common.quiet > 1));
        }
    }
    if (rows > 1 && !a.common.json) {
        add_row(table, "together", {}, sum, model_bytes, sum_origin);
    }
    if (rows > 0) {
        const std::string protocol = protocol_of(a);
        if (!a.common.json) {
            print(model == nullptr
                      ? text_of("no model; ", protocol, "\n")
                      : text_of("model ", hex64(model->id), " of ", printable(shelf.chosen_path().string()),
                                ", ", with_commas(model->stored_bytes), " bytes in ",
                                weight_format_name(model->format), ", trained on ",
                                with_commas(model->record.tokens), " bytes; ", protocol, "\n"));
        }
        print_table(table, a.common,
                    {{"model", hex64(model == nullptr ? 0 : model->id)},
                     {"model_bytes", model == nullptr ? 0 : model->stored_bytes},
                     {"trained_bytes", model == nullptr ? 0 : model->record.tokens},
                     {"protocol", protocol_key(a)}});
    }
    return worst;
}

}  // namespace bitlaw::cli
