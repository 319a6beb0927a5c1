#pragma once
/// \file Context mixing as a predictor: experts that know the file alone, with a network beside them or
/// without one, mixed bit by bit. Exactness class A.

#include <functional>
#include <memory>

#include "bitlaw/predict/data_form.hpp"
#include "bitlaw/predict/mixing_options.hpp"
#include "bitlaw/predict/predictor.hpp"

namespace bitlaw::predict {

/// Makes the predictor of one group of streams, whose tables become an expert's input. Its streams must be
/// independent, so that the groups of a block do not know each other.
using TableMaker = std::function<std::unique_ptr<TablePredictor>()>;

/// Streams share the experts' tables: at each position stream s is asked after stream s - 1. The network runs
/// in groups of streams, so that one group is in the network while another is in the experts: of n threads
/// one is always in the experts, whose order is fixed, and the others run the network ahead of them.
class MixingPredictor final : public Predictor {
   public:
    /// `network` null: none. group_streams: streams of a group that are stepped together; speed only.
    MixingPredictor(const MixingOptions& options, TableMaker network, std::size_t group_streams);
    /// With a network whose streams belong together, such as one that learns, and that runs on from block to
    /// block: it and the experts take turns.
    MixingPredictor(const MixingOptions& options, std::unique_ptr<TablePredictor> whole);
    ~MixingPredictor() override;
    [[nodiscard]] std::size_t alphabet() const override { return 256; }
    /// The form of the blocks that begin from now on; text until it is called.
    void set_form(const DataForm& form);

   private:
    void begin_streams() override;
    void step_streams(std::span<Coder* const> coders, std::span<symbols::Symbol> symbols,
                      std::size_t n) override;
    void score_streams(std::span<Coder* const> coders, std::span<const symbols::Symbol> symbols,
                       std::size_t n) override;
    void step_whole(std::span<Coder* const> coders, std::span<symbols::Symbol> symbols, std::size_t n);
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bitlaw::predict
