// Places for attempts that were challenged and not judged yet: nobody has proved anything while he holds one.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"

namespace rootkeep {

// Thread-safe. One network has a quarter of the places at most, and those whose TPM is not a known node's have half of
// them, so that neither an address nor a crowd of strangers keeps the nodes from proving themselves.
class OpenPlaces {
 public:
  // A place, given back when this goes; it may outlive the OpenPlaces.
  class Place {
   public:
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    // RESOURCE_EXHAUSTED with reason "attempts" when half of the places are strangers' already.
    Status BecomeStrangers();

   private:
    friend class OpenPlaces;
    struct Counts;
    Place(std::shared_ptr<Counts> counts, std::string network)
        : counts_(std::move(counts)), network_(std::move(network)) {}

    const std::shared_ptr<Counts> counts_;
    const std::string network_;
    bool strangers_ = false;
  };

  explicit OpenPlaces(unsigned places);

  // RESOURCE_EXHAUSTED with reason "attempts" when all are taken, or this network's share is.
  Result<std::shared_ptr<Place>> Take(const std::string& network);

  [[nodiscard]] unsigned taken() const;

 private:
  const std::shared_ptr<Place::Counts> counts_;
};

}  // namespace rootkeep
