#pragma once
/// \file What the command line asks for, as plain structs; only the *_options.cpp files know how it is
/// written.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bitlaw/coding/codec.hpp"
#include "bitlaw/learn/quantiser.hpp"
#include "bitlaw/model/stored_weights.hpp"
#include "bitlaw/predict/expert_set.hpp"
#include "bitlaw/studies/foreign_runs.hpp"
#include "bitlaw/symbols/vocabulary.hpp"
#include "bitlaw/train/trainer.hpp"
#include "run_curves.hpp"

namespace bitlaw::cli {

/// Options that every command has.
struct CommonOptions {
    std::optional<std::size_t> threads;  ///< all processors when not set
    int quiet = 0;                       ///< 1: no summaries and no progress; 2: no error messages either
    bool verbose = false;
    bool json = false;
    std::string command_line;  ///< as typed, for tables and run.json
};

struct TrainArguments {
    CommonOptions common;
    train::TrainOptions options;  ///< without config, which config_from() makes of preset and network
    std::map<std::string, std::vector<std::string>> network;  ///< words for fields that replace the preset's
};

/// Whether the network learns what it reads, and the words of the recipe's fields that replace its defaults.
struct LearningArguments {
    bool learn = false;
    std::map<std::string, std::vector<std::string>> words;
};

/// Bytes begin .. end-1 of what an archive holds.
struct ByteRange {
    static constexpr std::uint64_t kToTheEnd = ~std::uint64_t{0};
    std::uint64_t begin = 0;
    std::uint64_t end = kToTheEnd;
};

enum class ArchiveMode { compress, decompress, test, list };

struct ArchiveArguments {
    CommonOptions common;
    ArchiveMode mode = ArchiveMode::compress;
    std::string model;  ///< file or folder; searched for when empty
    std::string output;
    bool keep = false;
    bool remove_source = false;
    bool force = false;
    bool to_stdout = false;
    bool sparse = true;  ///< restored runs of zeros become holes
    bool embed_model = false;
    std::optional<model::WeightFormatId> weight_format;  ///< of the embedded model
    std::uint64_t block_bytes = 16'000'000;
    std::optional<std::size_t> streams;
    std::optional<std::uint64_t> reset_every;
    std::optional<ByteRange> range;
    coding::Fallback fallback = coding::Fallback::best;
    LearningArguments learning;
    std::optional<int> level;               ///< 1 .. 9
    std::optional<predict::ExpertSet> mix;  ///< experts beside the network, or alone with the model "none"
    bool mix_is_given = false;
    std::uint64_t memory = std::uint64_t{192} << 20;  ///< of their hashed tables at most
    std::vector<std::string> files;                   ///< "-" is a standard stream
};

struct RecoverArguments {
    CommonOptions common;
    std::string model;
    std::string file;
    std::string output;
    bool force = false;
};

struct ExportArguments {
    CommonOptions common;
    std::string model;
    bool from_state = false;
    std::optional<model::WeightFormatId> weight_format;
    std::vector<std::string> seen;  ///< the training data, for a sample of their content
    double bits = 0.0;              ///< a weight, quantised; 0: not asked for
    double target_loss = 0.0;       ///< a share; 0: not asked for
    std::string calibrate;          ///< range of bytes that says which weights matter
    std::uint64_t calibrate_bytes = 262'144;
    learn::ErrorFeed feed = learn::ErrorFeed::both;
    double bit_weight = learn::QuantiserOptions{}.bit_weight;
    bool safetensors = false;  ///< a folder for other programs instead of a model file
    std::string output;
    bool force = false;
};

struct ImportArguments {
    CommonOptions common;
    std::string source;     ///< folder or file of another program's model
    std::string tokenizer;  ///< empty: the folder's own
    std::string output;
    std::optional<model::WeightFormatId> weight_format;
    std::optional<model::Arithmetic> arithmetic;
    std::optional<std::uint64_t> start, context;
    bool force = false;
};

/// More symbols than this cannot learn while they code.
inline constexpr std::uint32_t kMostTrainedVocabulary = 65536;

struct TokenizerArguments {
    CommonOptions common;
    std::vector<std::string> data;
    std::optional<std::uint32_t> size = 4096;  ///< symbols; none: the bytes that occur
    symbols::TextCut cut = symbols::TextCut::words;
    std::string output;
    bool force = false;
};

enum class Protocol { continuous, chunked };

struct EvalArguments {
    CommonOptions common;
    std::string model;
    std::vector<std::string> data;
    bool copying = false;
    Protocol protocol = Protocol::continuous;
    std::uint64_t chunk_bytes = 2048;       ///< the paper's
    std::optional<predict::ExpertSet> mix;  ///< as archives that mix, with the model "none" the experts alone
    bool mix_is_given = false;
    bool experts = false;  ///< what each expert is worth
    LearningArguments learning;
    std::string html;                    ///< page of coloured bytes; empty: none
    std::uint64_t html_bytes = 100'000;  ///< that it shows at most
    std::string per_byte;                ///< .npy or .csv of every byte's bits; empty: none
};

struct LevelsArguments {
    CommonOptions common;
    std::string file;  ///< to measure on; empty: nothing is measured
    std::uint64_t bytes = 1'000'000;
};

struct SampleArguments {
    CommonOptions common;
    LearningArguments learning;
    std::string model;
    std::string prompt;
    std::uint64_t bytes = 500;
    double temperature = 1.0;
    std::uint64_t seed = 1;
    std::string prompt_file;  ///< instead of the prompt
    std::uint64_t top_k = 0;  ///< the likeliest symbols that may be drawn; 0: all
    double top_p = 1.0;       ///< the likeliest of them that have this share together
    std::optional<predict::ExpertSet> mix;
    std::string compressor;        ///< writes instead of a model; empty: none
    std::uint64_t look_ahead = 4;  ///< bytes that it draws at once
};

struct PlotArguments {
    CommonOptions common;
    std::vector<std::string> runs;  ///< training folders or files like metrics.csv
    CurveAxis axis = CurveAxis::bytes;
    bool log_x = false;
    bool terminal = false;  ///< also where an SVG is written
    std::string output;     ///< SVG file; empty: the terminal only
};

struct InfoArguments {
    CommonOptions common;
    std::string subject;  ///< preset or file; empty: this build and machine
};

struct BenchArguments {
    CommonOptions common;
    std::uint64_t runs = 7;
    bool quick = false;
    std::string only;    ///< how the names begin; all when empty
    bool ranks = false;  ///< steps that ranks share instead of kernels
};

enum class StudyAction { plan, run, status, fit, plot, report };

struct StudyArguments {
    CommonOptions common;
    StudyAction action = StudyAction::plan;
    std::string config;   ///< file
    std::string results;  ///< fit: any CSV file of runs instead of a study
    studies::ForeignOptions foreign;
    std::size_t jobs = 1;
    bool costly_first = false;
    std::optional<predict::ExpertSet> mix;  ///< in place of the config's, if it is given
    bool mix_is_given = false;
    double calibrate_seconds = 20;
    std::string trunk;      ///< run: only this one, its rows in a file of its own
    bool slurm = false;     ///< run: submit the trunks to Slurm
    bool commands = false;  ///< plan: a command a trunk
    bool watch = false;     ///< status: again and again
};

struct DataArguments {
    CommonOptions common;
    std::string kind;                 ///< images, audio, text or random
    std::vector<std::string> inputs;  ///< files and folders
    std::string output;
    std::uint64_t skip = 0;
    std::optional<std::uint64_t> first, bits, bytes, seed;
    bool strict = false;  ///< refuse the set when a file cannot be used
    bool force = false;
};

enum class TableFormat { text, markdown, csv };

struct TableArguments {
    CommonOptions common;
    std::vector<std::string> data;         ///< [NAME=]FILE[@BEGIN:END]
    std::vector<std::string> models;       ///< files or folders; those that are found when empty
    std::vector<std::string> compressors;  ///< keys; all when empty
    std::vector<std::string> externals;    ///< NAME=COMMAND with {in} and {out}
    std::vector<std::string> restorers;    ///< likewise, for the same names
    std::vector<std::string> reuse;        ///< JSON files of earlier tables
    bool no_models = false;
    bool chunked = true;
    bool unchunked = true;
    bool restore_models = false;
    LearningArguments learning;
    std::optional<predict::ExpertSet> mix;  ///< rows of mixtures beside those of the models alone
    std::uint64_t chunk_bytes = 2048;       ///< the paper's
    TableFormat format = TableFormat::text;
    std::string svg;     ///< file of the bar chart
    std::string output;  ///< PREFIX of .txt, .md, .csv, .json and .svg; .partial.json when stopped
};

/// Text to print instead of doing anything.
struct HelpText {
    std::string text;
    int exit_code = 0;
};

using Command =
    std::variant<HelpText, TrainArguments, ArchiveArguments, EvalArguments, LevelsArguments, SampleArguments,
                 PlotArguments, InfoArguments, BenchArguments, DataArguments, TableArguments, StudyArguments,
                 ExportArguments, ImportArguments, RecoverArguments, TokenizerArguments>;

}  // namespace bitlaw::cli
