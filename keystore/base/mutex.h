// std::mutex with the annotations that let clang's -Wthread-safety check who guards what.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define RK_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define RK_THREAD_ATTRIBUTE(x)
#endif

#define RK_CAPABILITY(x) RK_THREAD_ATTRIBUTE(capability(x))
#define RK_SCOPED_CAPABILITY RK_THREAD_ATTRIBUTE(scoped_lockable)
#define RK_GUARDED_BY(x) RK_THREAD_ATTRIBUTE(guarded_by(x))
#define RK_REQUIRES(...) RK_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define RK_EXCLUDES(...) RK_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define RK_ACQUIRE(...) RK_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RK_RELEASE(...) RK_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define RK_NO_THREAD_SAFETY_ANALYSIS RK_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace rootkeep {

class RK_CAPABILITY("mutex") Mutex {
 public:
  void Lock() RK_ACQUIRE() { mutex_.lock(); }
  void Unlock() RK_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class RK_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) RK_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RK_RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits with a Mutex that the caller holds. As with any condition variable, test the condition in a loop.
class CondVar {
 public:
  void Wait(Mutex& mutex) RK_REQUIRES(mutex) RK_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }

  // False when `deadline` passed first.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      RK_REQUIRES(mutex) RK_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = cv_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }

  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace rootkeep
