#include "signer/store/soci_edge.h"

#include <soci/error.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <new>
#include <string>

#include "signer/store/sqlite.h"

namespace rootkeep::store {

Error TakeException(std::string_view call) {
  try {
    throw;
  } catch (const soci::sqlite3_soci_error& error) {
    return SqliteError(call, error.result(), error.get_error_message());
  } catch (const soci::soci_error& error) {
    return Internal(std::string(call) + ": " + error.get_error_message());
  } catch (const std::bad_alloc&) {
    return ResourceExhausted(std::string(call) + ": out of memory");
  } catch (const std::exception&) {
    return Internal(std::string(call) + " threw");
  } catch (...) {
    return Internal(std::string(call) + " threw something that is no exception");
  }
}

}  // namespace rootkeep::store
