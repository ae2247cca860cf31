"""python -m course_lib.training"""

from course_lib.training.command import main

if __name__ == "__main__":
    main()
