#include "keystore/pkcs11/module_locks.h"

#include <pthread.h>

#include <cstdlib>

namespace rootkeep::pkcs11 {
namespace {

CK_RV Create(void** out) {
  if (out == nullptr) return CKR_ARGUMENTS_BAD;
  // Of malloc, not of new: SoftHSM 2.6.1 gives those that a failed C_Initialize left to its own functions at the
  // process's end, which destroy and free them as pthread_mutex_t of malloc.
  auto* const mutex = static_cast<pthread_mutex_t*>(std::malloc(sizeof(pthread_mutex_t)));
  if (mutex == nullptr) return CKR_HOST_MEMORY;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
  pthread_mutex_init(mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  *out = mutex;
  return CKR_OK;
}

CK_RV Destroy(void* mutex) {
  if (mutex == nullptr) return CKR_MUTEX_BAD;
  pthread_mutex_destroy(static_cast<pthread_mutex_t*>(mutex));
  std::free(mutex);
  return CKR_OK;
}

CK_RV Lock(void* mutex) {
  return mutex != nullptr && pthread_mutex_lock(static_cast<pthread_mutex_t*>(mutex)) == 0 ? CKR_OK : CKR_MUTEX_BAD;
}

CK_RV Unlock(void* mutex) {
  if (mutex == nullptr) return CKR_MUTEX_BAD;
  return pthread_mutex_unlock(static_cast<pthread_mutex_t*>(mutex)) == 0 ? CKR_OK : CKR_MUTEX_NOT_LOCKED;
}

}  // namespace

void OfferMutexes(CK_C_INITIALIZE_ARGS& arguments) {
  arguments.CreateMutex = Create;
  arguments.DestroyMutex = Destroy;
  arguments.LockMutex = Lock;
  arguments.UnlockMutex = Unlock;
}

}  // namespace rootkeep::pkcs11
