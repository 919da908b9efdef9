"""Fictitious names: random combinations of common surnames and given names.

Chance is seeded by the member number, so the same number is always the same person.
"""

from random import Random

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚"
    "卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
)
_ONE_CHARACTER = "敏静丽艳娟霞慧伟强磊军洋勇杰涛明超婷雪颖"
_TWO_CHARACTERS = (
    "秀英桂兰玉兰雅琴晓燕雪梅佳怡欣妍雨桐梓涵思琪诗雨若曦紫萱美玲文静海燕春梅淑华丽娜晓红月华佩珊梦洁书瑶"
    "语嫣心怡可欣一诺沐晴婉清蕴仪志强建国建军国庆文博子轩浩然宇航俊熙博文天宇家豪志明海波永刚晓东立新振华国栋"
    "德明鹏飞嘉诚泽宇一鸣思远景行承志宏毅学文启明"
)
_CHANCE_OF_ONE = 0.25


def full_name(rng: Random, surname: str | None = None) -> str:
    """A name; of a family when its surname is given."""
    if rng.random() < _CHANCE_OF_ONE:
        given = rng.choice(_ONE_CHARACTER)
    else:
        start = 2 * rng.randrange(len(_TWO_CHARACTERS) // 2)
        given = _TWO_CHARACTERS[start : start + 2]
    return (surname or rng.choice(_SURNAMES)) + given
