#include "bitlaw/predict/copying.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "bitlaw/base/float_state.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/predict/frequencies.hpp"
#include "bitlaw/predict/reset.hpp"
#include "bitlaw/predict/scorer.hpp"

namespace bitlaw::predict {

using namespace symbols;
using namespace model;

namespace {

// Little enough for a column of metrics.csv; what the drawn words happen to cost is in both occurrences.
constexpr std::size_t kTexts = 4;
constexpr std::size_t kGroups = 6;
constexpr std::size_t kGroupWords = 12;
constexpr std::uint64_t kSeed = 1;

// Common words of four to eight letters, so that any model of English has a fair chance at new ones.
constexpr std::string_view kWords =
    "about above across action actor after again against almost along already also although always among "
    "animal another answer appear area army around article artist attack author away band bank base battle "
    "beach beauty become before began begin behind being believe below best better between beyond black "
    "blood blue board body book border born both bottom bring broken brother brown build built business "
    "called capital care carry case castle cause center century certain chance change chapter charge chief "
    "child choice church circle city civil claim class clear close coast cold college color common company "
    "control corner cost council country couple course court cover create crime cross crown culture "
    "current dance dark date daughter death decade deep degree desert design desire despite detail dinner "
    "direct divide doctor door double dream drive during early earth east easy edge education effect effort "
    "eight election empire energy engine enough enter entire equal event every evidence example except "
    "express face fact fail fall family famous farm fast father fear feature feel fellow field fight figure "
    "film final find fine finger fire first fish five flight floor flower follow food foot force foreign "
    "forest form fort found four free french fresh friend front fruit full future game garden general "
    "girl give glass goal gold good govern grand grant grass great green ground group grow guard guide half "
    "hall hand happy hard head health hear heart heavy height help here high history hold home honor hope "
    "horse hospital host hotel hour house human hundred hunt husband idea image impact important include "
    "income increase industry inside interest iron island issue join journal journey judge jump just keep "
    "kill kind king kitchen know labor lady lake land language large last late laugh lead league learn leave "
    "left legal length letter level library life light limit line list little live local long look lose "
    "love lower machine magic main major make manner many march mark market marry master match material "
    "matter mean measure member memory metal method middle might mile military mind minister minute miss "
    "model modern moment money month moon moral morning mother motion mountain mouth move much murder music "
    "name narrow nation nature near need never night nine north nose note nothing novel number object ocean "
    "offer office often once open opera order organ other outside over owner page pain paint palace paper "
    "parent park part party pass past path peace people perfect period person piece place plain plan plant "
    "play point police poor popular port position power present press price prince prison problem produce "
    "program protect proud prove public pull quality queen question quick quiet race radio rail rain raise "
    "range rapid rare reach read ready real reason record reform region remain report rest result return "
    "rich ride right ring rise river road rock role roman room root rough round royal rule safe sail salt "
    "same sand save scene school science score season seat second secret seem senate sense series "
    "serve seven shape share sharp ship shore short shot show sick side sign silver simple singer single "
    "sister size skin sleep slow small smile snow social soft soldier some song sort soul sound source south "
    "space speak special speed spirit sport spring square stage stand star start state station stay steel "
    "step still stone stop story strange street strong student study style subject success sudden sugar "
    "summer supply sure surface sweet system table take talk taste teach team temple term test theory thick "
    "thing think third thought thousand three throw tiger time title today together tone total touch toward "
    "tower town trade train travel tree trial tribe trip trouble true trust truth turn twelve twenty type "
    "uncle under union unit until upper usual valley value various very victory view village visit voice "
    "vote wait walk wall want warm wash watch water wave weak weapon wear week weight west what wheel "
    "where white whole wide wife wild will wind window wine winter wish within without woman wonder wood "
    "word work world worth write wrong yard year yellow young youth zone";

std::vector<std::string_view> word_list() {
    std::vector<std::string_view> words;
    std::string_view rest = kWords;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        words.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return words;
}

struct CopyingText {
    std::string text;
    std::vector<bool> repeated;  // of each byte
};

CopyingText make_text(std::uint64_t number) {
    const std::vector<std::string_view> words = word_list();
    Random random(kSeed, number);
    CopyingText made;
    for (std::size_t group = 0; group < kGroups; ++group) {
        std::string text;
        for (std::size_t i = 0; i < kGroupWords; ++i) {
            text += words[random.below(words.size())];
            text += ' ';
        }
        for (const bool repeated : {false, true}) {
            made.text += text;
            made.repeated.insert(made.repeated.end(), text.size(), repeated);
        }
    }
    return made;
}

// Of new words and of repeated ones.
struct Sums {
    std::array<double, 2> bits{};
    std::array<double, 2> bytes{};
};

Sums score_text(const PackedModel& model, const CopyingText& made) {
    const std::size_t alphabet = model.config().alphabet;
    std::vector<Symbol> symbols(Scorer::kMaxPositions);
    Scorer scorer(model, default_reset(model.config()));
    std::vector<std::uint32_t> frequency(alphabet);
    Sums sums;
    for (std::size_t from = 0; from < made.text.size(); from += symbols.size()) {
        const std::size_t count = std::min(symbols.size(), made.text.size() - from);
        std::copy_n(made.text.begin() + static_cast<std::ptrdiff_t>(from), count, symbols.begin());
        const float* logits = scorer.score(std::span(symbols).first(count));  // [count, V]
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t repeated = made.repeated[from + i] ? 1 : 0;
            frequencies_of({logits + i * alphabet, alphabet}, frequency);
            sums.bits[repeated] += symbol_bits(frequency, symbols[i]);
            sums.bytes[repeated] += 1.0;
        }
    }
    return sums;
}

}  // namespace

std::optional<CopyScore> copy_score(const PackedModel& model) {
    const FloatStateGuard guard;
    if (model.config().alphabet <= 'z' || model.model().vocabulary != nullptr) {
        return std::nullopt;
    }
    std::array<Sums, kTexts> sums{};
    parallel_for(kTexts, [&](std::size_t number) { sums[number] = score_text(model, make_text(number)); });
    Sums all;
    for (const Sums& one : sums) {
        for (const std::size_t repeated : {0, 1}) {
            all.bits[repeated] += one.bits[repeated];
            all.bytes[repeated] += one.bytes[repeated];
        }
    }
    return CopyScore{all.bits[0] / all.bytes[0], all.bits[1] / all.bytes[1]};
}

}  // namespace bitlaw::predict
