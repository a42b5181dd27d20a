// Forwards a call as its row in functions.h says: handles are translated, the rest is passed on.
#pragma once

#include <tuple>
#include <utility>

#include "tools/chaos/guarded.h"

namespace rootkeep::chaos {

// Translates the arguments of one call. Not for more than one.
class Translation {
 public:
  explicit Translation(Passage& passage) : passage_(passage) {}

  // Puts the real module's number in place of the application's. False, with the code in rv(), when there is none.
  template <char kind, typename T>
  bool In(T& argument) {
    if constexpr (kind == 's') return Session(argument);
    if constexpr (kind == 't') return Slot(argument);
    if constexpr (kind == 'o') return Object(argument, CKR_OBJECT_HANDLE_INVALID);
    if constexpr (kind == 'k') return Object(argument, CKR_KEY_HANDLE_INVALID);
    return true;
  }
  // The other way, after a call that succeeded.
  template <char kind, typename T>
  void Out(T& argument) {
    if constexpr (kind == 'O') {
      if (argument != nullptr) *argument = lease_->ShownObject(*argument);
    }
  }

  [[nodiscard]] CK_RV rv() const { return rv_; }

 private:
  bool Session(CK_SESSION_HANDLE& session);
  bool Slot(CK_SLOT_ID& slot);
  bool Object(CK_OBJECT_HANDLE& object, CK_RV stale);

  Passage& passage_;
  std::optional<Sessions::Lease> lease_;
  CK_RV rv_ = CKR_OK;
};

// A call whose rules have been obeyed.
template <Function function, typename... Arguments>
CK_RV Forward(Passage& passage, Arguments... arguments) {
  constexpr std::string_view kinds = kArguments<function>;
  static_assert(kinds.size() == sizeof...(Arguments));
  const auto real = passage.real().*kMember<function>;
  if (real == nullptr) return CKR_FUNCTION_NOT_SUPPORTED;
  return [&]<std::size_t... i>(std::index_sequence<i...>, std::tuple<Arguments...> all) {
    Translation translation(passage);
    if (!(translation.template In<kinds[i]>(std::get<i>(all)) && ...)) return translation.rv();
    const CK_RV rv = real(std::get<i>(all)...);
    if constexpr (kinds.front() == 't') passage.NoteSlot(std::get<0>(std::tie(arguments...)), rv);
    if (rv == CKR_OK) (translation.template Out<kinds[i]>(std::get<i>(all)), ...);
    return rv;
  }(std::index_sequence_for<Arguments...>(), std::tuple<Arguments...>(arguments...));
}

}  // namespace rootkeep::chaos
