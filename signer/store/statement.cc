#include "signer/store/statement.h"

#include <utility>

#include "signer/store/database_impl.h"
#include "signer/store/soci_edge.h"

namespace rootkeep::store {
namespace {

std::vector<Slot> MakeSlots(soci::session& session, const std::vector<Column>& types) {
  std::vector<Slot> slots(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    slots[i].type = types[i];
    if (types[i] == Column::kBlob) slots[i].octets = std::make_unique<soci::blob>(session);
  }
  return slots;
}

template <typename Exchange>
void ExchangeSlots(std::vector<Slot>& slots, Exchange&& exchange) {
  for (auto& slot : slots) {
    switch (slot.type) {
      case Column::kInteger: exchange(slot.number, slot.indicator); break;
      case Column::kText: exchange(slot.text, slot.indicator); break;
      case Column::kBlob: exchange(*slot.octets, slot.indicator); break;
    }
  }
}

}  // namespace

Statement::Impl::Impl(soci::session& session, const std::string& sql, const std::vector<Column>& parameter_types,
                      const std::vector<Column>& column_types)
    : parameters(MakeSlots(session, parameter_types)), columns(MakeSlots(session, column_types)), statement(session) {
  statement.alloc();
  statement.prepare(sql);
  ExchangeSlots(parameters, [&](auto& value, auto& indicator) { statement.exchange(soci::use(value, indicator)); });
  ExchangeSlots(columns, [&](auto& value, auto& indicator) { statement.exchange(soci::into(value, indicator)); });
  statement.define_and_bind();
}

Slot* Statement::Impl::Parameter(std::size_t index, Column type) {
  if (index < parameters.size() && parameters[index].type == type) return &parameters[index];
  bound = Internal("sql statement bound with the wrong types");
  return nullptr;
}

const Slot* Statement::Impl::Value(std::size_t index) const {
  if (index >= columns.size() || columns[index].indicator != soci::i_ok) return nullptr;
  return &columns[index];
}

Statement::Statement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Statement::Statement(Statement&& other) noexcept = default;
Statement& Statement::operator=(Statement&& other) noexcept = default;
Statement::~Statement() = default;

void Statement::Set(std::size_t index, std::int64_t value) {
  if (auto* slot = impl_->Parameter(index, Column::kInteger)) slot->number = value;
}

void Statement::Set(std::size_t index, std::string_view value) {
  if (auto* slot = impl_->Parameter(index, Column::kText)) slot->text = value;
}

void Statement::Set(std::size_t index, ByteView value) {
  auto* slot = impl_->Parameter(index, Column::kBlob);
  if (slot == nullptr) return;
  slot->indicator = value.empty() ? soci::i_null : soci::i_ok;
  const Status bound = Guarded("bind blob", [&] {
    slot->octets->trim(0);
    slot->octets->append(reinterpret_cast<const char*>(value.data()), value.size());
  });
  if (!bound.ok()) impl_->bound = bound;
}

Status Statement::Run() {
  RK_RETURN_IF_ERROR(impl_->bound);
  return Guarded("execute", [&] { impl_->statement.execute(true); });
}

std::int64_t Statement::affected_rows() { return impl_->statement.get_affected_rows(); }

Status Statement::Start() {
  RK_RETURN_IF_ERROR(impl_->bound);
  impl_->started = false;
  return Ok();
}

Result<bool> Statement::Next() {
  return Guarded("query", [&] {
    if (std::exchange(impl_->started, true)) return impl_->statement.fetch();
    return impl_->statement.execute(true);
  });
}

std::int64_t Statement::integer(std::size_t index) const {
  const Slot* slot = impl_->Value(index);
  return slot != nullptr ? slot->number : 0;
}

std::string_view Statement::text(std::size_t index) const {
  const Slot* slot = impl_->Value(index);
  return slot != nullptr ? std::string_view(slot->text) : std::string_view();
}

Bytes Statement::blob(std::size_t index) const {
  const Slot* slot = impl_->Value(index);
  if (slot == nullptr || slot->octets == nullptr) return {};
  Bytes bytes(slot->octets->get_len());
  slot->octets->read(0, reinterpret_cast<char*>(bytes.data()), bytes.size());
  return bytes;
}

}  // namespace rootkeep::store
