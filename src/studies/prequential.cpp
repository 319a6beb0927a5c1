#include "bitlaw/studies/prequential.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "bitlaw/base/clock.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/fields.hpp"
#include "bitlaw/base/file_lock.hpp"
#include "bitlaw/base/folder.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/size.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/coding/learning_choice.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/studies/study_plan.hpp"
#include "result_rows.hpp"

namespace bitlaw::studies {

using namespace model;
using namespace predict;
using namespace coding;

namespace {

constexpr const char* kHeader =
    "run,recipe_hash,parameters,coded_bytes,archive_bytes,bits_per_byte,seconds,threads,date_utc";
constexpr std::uint64_t kMostResultBytes = 1 << 20;

CompressOptions options_of(const PrequentialRun& run) {
    CompressOptions options;
    options.method = kLearning;
    options.stack = learning_stack(default_recipe({.fresh = true}), run.config, run.seed);
    return options;
}

// The archive's header has the network, the seed and the recipe in it.
std::string recipe_of(const PrequentialRun& run, ByteSpan bytes) {
    const std::string text =
        text_of(kArithmeticVersion, '\n', hex64(hash64(encode_stack(options_of(run).stack))), '\n', run.bytes,
                '\n', hex64(hash64(bytes)));
    return hex64(hash64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

std::string row_text(const PrequentialResult& r) {
    return text_of(r.run, ',', r.recipe, ',', r.parameters, ',', r.bytes, ',', r.archive_bytes, ',',
                   fixed_text(8.0 * r.rate(), 5), ',', fixed_text(r.seconds, 2), ',', r.threads, ',', r.date,
                   '\n');
}

PrequentialResult parsed_row(const std::string& line) {
    const Words fields = row_cells(line, 9);
    const WholeRange some{1, std::uint64_t{1} << 50};
    PrequentialResult r{.run = fields[0],
                        .recipe = fields[1],
                        .parameters = whole_value(fields[2], some),
                        .bytes = whole_value(fields[3], some),
                        .archive_bytes = whole_value(fields[4], some),
                        .seconds = real_value(fields[6], {0, 3.2e9}),
                        .threads = whole_value(fields[7], some),
                        .date = fields[8]};
    if (fields[5] != fixed_text(8.0 * r.rate(), 5)) {
        fail("its bits_per_byte are not those of ", r.archive_bytes, " for ", r.bytes, " bytes");
    }
    return r;
}

}  // namespace

std::vector<PrequentialRun> prequential_runs(const StudyConfig& config) {
    std::vector<PrequentialRun> runs;
    for (const std::uint64_t bytes : config.prequential) {
        for (const std::uint64_t size : config.sizes) {
            const std::uint64_t seed = config.seeds.front();
            runs.push_back({.id = text_of('q', size_text(size), "-u", size_text(bytes), "-s", seed),
                            .size = size,
                            .bytes = bytes,
                            .seed = seed,
                            .config = study_network(config, size, config.contexts.front())});
        }
    }
    return runs;
}

std::filesystem::path prequential_results(const StudyConfig& config) {
    return config.folder / "prequential.csv";
}

std::vector<PrequentialResult> read_prequential(const std::filesystem::path& path) {
    std::vector<PrequentialResult> results;
    std::set<std::string> names;
    read_result_rows(
        path, kMostResultBytes, "results", [](const std::string& line) { return line == kHeader; },
        [&](const std::string& line) {
            results.push_back(parsed_row(line));
            if (!names.insert(results.back().run).second) {
                fail("it is a second row of ", results.back().run);
            }
        });
    return results;
}

std::size_t run_prequential(const StudyConfig& config, ByteSpan data, const PrequentialWatch& watch) {
    const std::vector<PrequentialRun> runs = prequential_runs(config);
    if (runs.empty()) {
        return 0;
    }
    make_folder(config.folder / "out");
    const FileLock lock(config.folder / "out" / "prequential.lock", FileLock::Wait::no);
    if (!lock.held()) {
        return 0;
    }
    const std::filesystem::path path = prequential_results(config);
    std::vector<PrequentialResult> results = read_prequential(path);
    std::size_t done = 0;
    for (const PrequentialRun& run : runs) {
        if (data.size() < run.bytes) {
            fail_usage("the data have ", data.size(), " bytes, and prequential asks for ", run.bytes,
                       "; name larger data or code less");
        }
        const ByteSpan bytes = data.first(run.bytes);
        const std::string recipe = recipe_of(run, bytes);
        const auto found = std::find_if(results.begin(), results.end(),
                                        [&](const PrequentialResult& r) { return r.run == run.id; });
        if (found != results.end()) {
            if (found->recipe != recipe) {
                fail_usage(path.string(), " holds the run ", run.id,
                           " made with other settings; name another folder in the config, or remove its row");
            }
            continue;
        }
        CompressOptions options = options_of(run);
        options.progress = [&](std::uint64_t plain, std::uint64_t archive) {
            watch(
                run.id, plain, run.bytes,
                8.0 * static_cast<double>(archive) / static_cast<double>(std::max<std::uint64_t>(plain, 1)));
        };
        const auto start = std::chrono::steady_clock::now();
        const CodecSummary summary = compress(nullptr, options, source_of(bytes), [](ByteSpan) {});
        results.push_back(
            {.run = run.id,
             .recipe = recipe,
             .parameters = parameter_count(run.config),
             .bytes = run.bytes,
             .archive_bytes = summary.archive_bytes,
             .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
             .threads = thread_count(),
             .date = utc_now()});
        std::string text = text_of(kHeader, '\n');
        for (const PrequentialResult& result : results) {
            text += row_text(result);
        }
        write_file(path, text);
        ++done;
    }
    return done;
}

}  // namespace bitlaw::studies
