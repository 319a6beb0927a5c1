#include <algorithm>
#include <filesystem>
#include <span>
#include <vector>

#include "bitlaw/base/content_sample.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/interop/own_model.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/symbols/alphabet.hpp"
#include "bitlaw/symbols/tokenizer.hpp"
#include "bitlaw/train/corpus.hpp"
#include "bitlaw/train/training_state.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "places.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace model;
using namespace train;

namespace {

std::filesystem::path state_file(const std::string& given) {
    if (given.empty()) {
        fail_usage("--from-state needs a training folder; name it with -m");
    }
    const std::filesystem::path path(given);
    return std::filesystem::is_directory(path) ? path / kStateFile : path;
}

bool quantises(const ExportArguments& a) { return a.bits > 0.0 || a.target_loss > 0.0; }

void check_targets(const ExportArguments& a) {
    if (a.bits > 0.0 && a.target_loss > 0.0) {
        fail_usage("--bits and --target-loss both say how coarse the weights become; give one of the two");
    }
    if (quantises(a) && a.calibrate.empty()) {
        fail_usage("--bits and --target-loss need text of the model's kind; name it with --calibrate");
    }
    if (!quantises(a) && !a.calibrate.empty()) {
        fail_usage("--calibrate is for --bits and --target-loss; add one of them, or leave it out");
    }
    if (quantises(a) && a.weight_format && *a.weight_format != WeightFormatId::trellis) {
        fail_usage("--bits and --target-loss make weights in the format trellis; leave --weight-format out");
    }
    if (!quantises(a) && !a.weight_format && a.seen.empty() && !a.safetensors) {
        fail_usage(
            "how shall the weights be stored? give --weight-format, --bits or --target-loss; or --seen for a "
            "sample of the training data");
    }
}

// Bits a weight and shape of each matrix.
void print_tensors(const Model& model, const CommonOptions& common) {
    format::Table table{
        .columns = {{"tensor", "tensor", true}, {"shape", "shape", true}, {"bits", "bits/weight"}}};
    for (const Tensor& tensor : model.layout.tensors()) {
        ByteWriter writer;
        weight_format(WeightFormatId::trellis).encode(tensor, model.view(tensor), writer);
        table.add({format::text_cell(tensor.name),
                   format::text_cell(text_of(tensor.rows, " x ", tensor.columns)),
                   format::number_cell(
                       8.0 * static_cast<double>(writer.size()) / static_cast<double>(tensor.size()), 3)});
    }
    print_rows(table, common);
}

StoredModel quantised(const StoredModel& model, const ExportArguments& a) {
    const Corpus corpus({a.calibrate});
    const std::uint32_t alphabet = model.model.config.alphabet;
    if (model.model.spec.head.tied) {
        fail(
            "a network whose output is its embedding has no gradient, which says what weights matter; export "
            "it "
            "with --weight-format trellis");
    }
    if (model.model.vocabulary == nullptr) {
        corpus.require_alphabet(alphabet);
    }
    const ByteSpan bytes = corpus.bytes(0);
    auto half = static_cast<std::size_t>(std::min<std::uint64_t>(a.calibrate_bytes, bytes.size() / 2));
    std::vector<symbols::Symbol> symbols(2 * half);
    if (model.model.vocabulary == nullptr) {
        symbols::Alphabet(alphabet).encode(bytes.first(symbols.size()), symbols);
    } else {
        const symbols::Tokenizer tokenizer(model.model.vocabulary);
        symbols = tokenizer.encode(bytes.first(symbols.size()));
        half = symbols.size() / 2;
    }
    const std::span<const symbols::Symbol> all(symbols);
    learn::QuantisedModel result =
        learn::quantised_to(model.model, {.bits = a.bits, .loss_rise = a.target_loss},
                            {.bit_weight = a.bit_weight, .feed = a.feed}, all.first(half), all.subspan(half));
    if (a.common.quiet == 0) {
        print_tensors(result.weights.model, a.common);
        note(text_of(fixed_text(result.weights.bits_per_weight, 3), " bits a weight; loss on ",
                     with_commas(symbols.size() - half),
                     " bytes behind the calibration: ", fixed_text(result.loss_before, 4), " before, ",
                     fixed_text(result.loss_after, 4), " after, ",
                     fixed_text(100.0 * (result.loss_after / result.loss_before - 1.0), 2), " % more"));
    }
    return converted({std::move(result.weights.model), model.format, model.id, model.record, 0},
                     WeightFormatId::trellis);
}

// The sample of the data, which must be those that the record names.
Bytes sample_of(const TrainingRecord& record, const std::vector<std::string>& data) {
    std::vector<std::string> ranges;
    for (const std::string& text : data) {
        const WeightedRange part = parse_weighted_range(text);
        ranges.push_back(resolve_data(part.range));
    }
    const Corpus corpus(ranges);
    std::vector<ByteSpan> bytes;
    for (const DataSource& source : record.training) {
        std::size_t found = 0;
        while (found < corpus.ranges() && corpus.sources()[found].hash != source.hash) {
            ++found;
        }
        if (found == corpus.ranges()) {
            fail("the model has read bytes ", source.begin, " to ", source.begin + source.bytes, " of ",
                 source.name, " (hash ", hex64(source.hash),
                 "), and no data given by --seen are those; name every range that it was trained on");
        }
        bytes.push_back(corpus.bytes(found));
    }
    if (corpus.ranges() != bytes.size()) {
        fail("--seen names ", corpus.ranges(), " ranges, but the model has read ", bytes.size(),
             "; name those that it was trained on");
    }
    return content_sample(bytes);
}

}  // namespace

int run_export(const ExportArguments& a) {
    check_targets(a);
    const OutputOptions options{.existing = a.force ? Existing::replace : Existing::refuse};
    require_folder_of(a.output);
    if (!a.safetensors) {
        require_writable(a.output, options.existing);
    }
    ModelShelf shelf(a.model);
    InputFiles inputs;
    if (a.from_state) {
        inputs.add(state_file(a.model));
    } else {
        (void)shelf.chosen();
        shelf.add_to(inputs);
    }
    inputs.require_not(a.output);
    const StoredModel model = a.from_state ? trained_model(load_state(state_file(a.model))) : shelf.chosen();
    StoredModel result =
        quantises(a) ? quantised(model, a) : converted(model, a.weight_format.value_or(model.format));
    if (!a.seen.empty()) {
        result.record.content = sample_of(model.record, a.seen);
    }
    if (a.safetensors) {
        interop::export_own(result, a.output, options);
    } else {
        write_file(a.output, encode_model(result.model, result.format, &result.record), options);
    }
    if (a.common.quiet == 0) {
        note(printable(
            text_of(a.output, ": model ", hex64(result.id), " in ", weight_format_name(result.format), ", ",
                    with_commas(result.stored_bytes), " bytes when embedded; of ", hex64(model.id), " in ",
                    weight_format_name(model.format), ", ", with_commas(model.stored_bytes), " bytes")));
    }
    return kDone;
}

}  // namespace bitlaw::cli
